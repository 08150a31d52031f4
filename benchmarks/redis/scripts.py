#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a job costs a Redis server, by the server's own count of its CPU time: push, claim and succeed, the three scripts
that every job passes through, alone, with results stored, against a bare minimum of the same shape. Starts a server
of its own on a socket in a temporary directory.

    benchmarks/redis/scripts.py [jobs in a batch, default 100] [jobs, default 100000]
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../framework/src/redis/lua/")
PREFIX = "cohort:{:main}:"
INCARNATION = "0123456789abcdef" * 2
KEYS = {
    "push": "jobs list prio due expires unique meta wake",
    "claim": "jobs list prio due expires running beats held meta ghosts wake in",
    "succeed": "jobs running beats held results ended unique cancels meta",
}
# What nobody can do without: store and queue, take and note, remove and keep a result with a time to live.
MINIMUM = {
    "push": "local l={} for i=1,#ARGV,2 do l[#l+1]=ARGV[i] end redis.call('HSET',KEYS[1],unpack(ARGV)) "
            "redis.call('RPUSH',KEYS[2],unpack(l))",
    "claim": "local ids=redis.call('LPOP',KEYS[2],ARGV[1]) local r=redis.call('HMGET',KEYS[1],unpack(ids)) "
             "local a={} for i=1,#ids do a[#a+1]=ids[i] a[#a+1]=ARGV[2] end "
             "redis.call('HSET',KEYS[3],unpack(a)) return {ids,r}",
    "succeed": "local l={} local m={} for i=1,#ARGV,2 do l[#l+1]=ARGV[i] m[#m+1]=ARGV[i] m[#m+1]=ARGV[i+1] "
               "redis.call('SET',KEYS[4]..ARGV[i],ARGV[i+1],'PX',86400000) end "
               "redis.call('HDEL',KEYS[1],unpack(l)) redis.call('HDEL',KEYS[3],unpack(l)) "
               "redis.call('PUBLISH','c',table.concat(m))",
}


def script(name):
    text = open(SCRIPTS + name + ".lua").read()
    uses = [line.split(":")[1].split() for line in text.splitlines() if line.startswith("-- uses:")]
    return "".join(open(SCRIPTS + used + ".lua").read() for used in uses[0]) + text


class Server:
    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="cohort-redis-")
        path = os.path.join(self.directory.name, "socket")
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir",
                                         self.directory.name], stdout=subprocess.DEVNULL)
        while not os.path.exists(path):
            time.sleep(0.02)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()

    def read(self):
        line = self.file.readline()
        kind, value = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(value.decode())
        if kind == b":":
            return int(value)
        if kind == b"$":
            return None if value == b"-1" else self.file.read(int(value) + 2)[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(value))]
        return value

    def run(self, *words):
        self.socket.sendall(encode(*words))
        return self.read()

    def info(self, section, *names):
        lines = dict(line.split(":", 1) for line in self.run("INFO", section).decode().splitlines() if ":" in line)
        return sum(float(lines[name]) for name in names)

    def cpu(self):
        return self.info("cpu", "used_cpu_user", "used_cpu_sys")

    def memory(self):
        return self.info("memory", "used_memory")

    # Four requests under way at a time. Microseconds of the server's CPU, in all, and the answers.
    def measure(self, requests):
        before, answers, under_way = self.cpu(), [], 0
        for request in requests:
            self.socket.sendall(request)
            under_way += 1
            if under_way == 4:
                answers.append(self.read())
                under_way -= 1
        answers += [self.read() for _ in range(under_way)]
        return (self.cpu() - before) * 1e6, answers


def encode(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def keys(name):
    return [PREFIX + key for key in KEYS[name].split()]


def record(index):
    client, sender = b"01JABCDEFGHJKMNPQRSTVWXYZ0", b"name@host/12345, cohort 0.1.0"
    arguments = b'[1,"' + b"x" * 30 + b'"]'
    return (b"\0" + bytes([len(client)]) + client + struct.pack("<IH", 1, len(sender)) + sender + b"\x08shop.add" +
            arguments + struct.pack(">H", index))


def batches(batch, jobs):
    for first in range(0, jobs, batch):
        yield first // batch + 1, [b"01JABCDEFGHJKMNPQRST%06d" % (first + i) for i in range(batch)]


RESULT = b'{"ok":true,"total":12345.5}'


def whole_jobs(server, batch, jobs):
    shas = {name: server.run("SCRIPT", "LOAD", script(name)) for name in KEYS}

    def call(name, arguments):
        return encode("EVALSHA", shas[name], len(keys(name)), *keys(name), "", *arguments)

    def number(n):
        return struct.pack("<Q", n)

    server.run("ZADD", PREFIX + "beats", "9e15", INCARNATION)
    empty = server.memory()
    push, answers = server.measure([call("push", ["2"] + [word for i, job in enumerate(ids) for word in (job, record(i))])
                                    for _, ids in batches(batch, jobs)])
    assert answers[0] == 1 and all(answer == 0 for answer in answers[1:]), answers[0]
    waiting = (server.memory() - empty) / jobs
    size = len(server.run("HGET", PREFIX + "jobs", next(batches(batch, jobs))[1][0]))
    claim, answers = server.measure([call("claim", [INCARNATION, n, number(n), batch]) for n, _ in batches(batch, jobs)])
    assert all(answer[0] == b"given" and len(answer[1]) == batch for answer in answers), answers[0]
    settle, answers = server.measure(
        [call("succeed", ["cohort::client:", "main", number(n) + INCARNATION.encode(), batch] +
              [word for job in ids for word in (job, RESULT)]) for n, ids in batches(batch, jobs)])
    assert all(answer == [0] * batch for answer in answers), answers[0]
    ended = (server.memory() - empty) / jobs
    print(f"a waiting job: record {size} bytes, memory {waiting:.0f} ({waiting - size:.0f} more); ended: {ended:.0f}")
    return push / jobs, claim / jobs, settle / jobs


def minimum(server, batch, jobs):
    shas = {name: server.run("SCRIPT", "LOAD", text) for name, text in MINIMUM.items()}
    places = [PREFIX + name for name in ("least", "list2", "running2", "r:")]

    def call(name, arguments):
        return encode("EVALSHA", shas[name], len(places), *places, *arguments)

    push, _ = server.measure([call("push", [word for i, job in enumerate(ids) for word in (job, b"h" * 33 + record(i))])
                              for _, ids in batches(batch, jobs)])
    claim, _ = server.measure([call("claim", [batch, "x" * 49]) for _ in batches(batch, jobs)])
    settle, _ = server.measure([call("succeed", [word for job in ids for word in (job, RESULT)])
                                for _, ids in batches(batch, jobs)])
    return push / jobs, claim / jobs, settle / jobs


def main():
    batch = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    for name, measured in (("bare minimum", minimum), ("Cohort", whole_jobs)):
        with Server() as server:
            push, claim, settle = measured(server, batch, jobs)
        print(f"{name}, batches of {batch}: push {push:.2f} + claim {claim:.2f} + settle {settle:.2f} = "
              f"{push + claim + settle:.2f} µs a job")


main()
