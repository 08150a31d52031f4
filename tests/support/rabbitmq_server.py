#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A rabbitmq-server of the tests' own: node name, ports, cookie and directories apart from any other on the machine.

  rabbitmq_server.py start FOLDER    ends one that an earlier run left in FOLDER, starts another, waits until it answers
  rabbitmq_server.py join FOLDER OTHER   the same, as one more node of the cluster of the server in OTHER
  rabbitmq_server.py stop FOLDER         the first node of a cluster goes last: the others' epmd is its own
  rabbitmq_server.py ctl FOLDER …    rabbitmqctl for it
  rabbitmq_server.py kill FOLDER     kill -9: its queues stay in FOLDER
  rabbitmq_server.py freeze FOLDER   stops it as it is (SIGSTOP); "thaw" lets it go on
  rabbitmq_server.py empty FOLDER    forgets what its queues hold; only behind "kill"
  rabbitmq_server.py revive FOLDER   starts it again, with what they hold, and waits until it answers

FOLDER/url then holds its URL, FOLDER/tls_url that with TLS, whose certificate FOLDER/tls/ca.crt has signed. Where no server
is installed, "start" says so in a line that begins with "SKIPPED: ", and no file is left; tests that need one skip in turn. One that
is installed and does not start is a failure.
"""
import base64
import glob
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 90  # seconds; ten are usual on an idle machine
LIFETIME = "3h"  # of a server that nobody stops


def free_ports(count):
    """Not of those that the system gives to who connects: one of these may be somebody's before the server is there."""
    ports = []
    while len(ports) < count:
        port = random.randrange(22000, 32000)
        if port in ports:
            continue
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                ports.append(port)
            except OSError:
                pass
    return ports


def programs():
    """The real scripts: the ones in PATH insist on the user and the folders of the package's own service."""
    found = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"))
    return Path(found[-1]) if found else None


def environment(folder, ports):
    port, dist_port, _, epmd_port = ports
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"cohort{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(dist_port),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "server.pid"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }


def tls_settings(folder, port):
    """An authority and a certificate of the server's, and what the server has to be told; nothing without openssl."""
    if shutil.which("openssl") is None:
        return ""
    place = folder / "tls"
    place.mkdir()
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    sign = ["-CA", str(place / "ca.crt"), "-CAkey", str(place / "ca.key"), "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    for name, more in (("ca", []), ("server", sign)):
        subprocess.run([*make, "-subj", f"/CN={name}", "-keyout", str(place / f"{name}.key"),
                        "-out", str(place / f"{name}.crt"), *more], check=True, capture_output=True)
    (folder / "tls_url").write_text(f"amqps://guest:guest@localhost:{port}")
    return (f"listeners.ssl.1 = 127.0.0.1:{port}\n"
            f"ssl_options.cacertfile = {place}/ca.crt\n"
            f"ssl_options.certfile = {place}/server.crt\n"
            f"ssl_options.keyfile = {place}/server.key\n"
            "ssl_options.verify = verify_none\n"
            "ssl_options.fail_if_no_peer_cert = false\n")


def kill_group(pid, number):
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def kill_group_of(folder, group, number=signal.SIGKILL):
    """Only what is still the server of this folder: numbers of processes are used again."""
    try:
        words = Path(f"/proc/{group}/environ").read_bytes()
    except OSError:
        return
    if f"HOME={folder}".encode() in words.split(b"\0"):
        kill_group(group, number)


def stop(folder):
    for name in ("groups", "epmd"):
        try:
            groups = [int(word) for word in (folder / name).read_text().split()]
        except (OSError, ValueError):
            groups = []
        for group in groups:
            kill_group_of(folder, group)
    shutil.rmtree(folder, ignore_errors=True)


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
            link.sendall(b"AMQP\0\0\x09\x01")
            return link.recv(1) == b"\x01"
    except OSError:
        return False


def start(folder, other=None):
    stop(folder)
    scripts = programs()
    if scripts is None or shutil.which("epmd") is None:
        print("SKIPPED: rabbitmq-server is not installed, so nothing is tested on RabbitMQ")
        return 0
    folder.mkdir(parents=True)
    (folder / "log").mkdir()
    (folder / "plugins").write_text("[].\n")
    # Nodes of a cluster have one secret, and one epmd that knows where they are.
    cookie = (other / ".erlang.cookie").read_text() if other else "cohort" + os.urandom(8).hex()
    (folder / ".erlang.cookie").write_text(cookie)
    (folder / ".erlang.cookie").chmod(0o400)
    ports = free_ports(4)
    if other:
        ports[3] = int(known_environment(other)["ERL_EPMD_PORT"])
    tls = tls_settings(folder, ports[2])
    (folder / "rabbitmq.conf").write_text(
        "log.console = false\n"
        "loopback_users.guest = true\n"
        "disk_free_limit.absolute = 50MB\n"
        "vm_memory_high_watermark.relative = 0.4\n" + tls)
    (folder / "advanced.config").write_text("[{rabbit, [{channel_tick_interval, 1000}]}].\n")
    env = environment(folder, ports)
    (folder / "environment").write_text("".join(f"{name}={value}\n" for name, value in env.items()))

    (folder / "groups").write_text("")
    if not other:
        run(folder, env, ["epmd", "-port", str(ports[3]), "-address", "127.0.0.1"], "epmd")
    if serve(folder, env) != 0 or (other and join(folder, other) != 0):
        stop(folder)
        return 1
    (folder / "url").write_text(f"amqp://guest:guest@127.0.0.1:{ports[0]}")
    return 0


def join(folder, other):
    node = known_environment(other)["RABBITMQ_NODENAME"]
    for words in (["stop_app"], ["join_cluster", node], ["start_app"]):
        if ctl(folder, ["-q", *words]) != 0:
            return 1
    return 0


def run(folder, env, command, groups_file):
    """Notes the number of its group: for "stop"."""
    with (folder / "output").open("ab") as output:
        process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   start_new_session=True)
    with (folder / groups_file).open("a") as groups:
        groups.write(f"{process.pid} ")
    time.sleep(0.2)
    return process


def serve(folder, env):
    port = int(env["RABBITMQ_NODE_PORT"])
    process = run(folder, env, ["timeout", "-s", "KILL", LIFETIME, str(programs() / "rabbitmq-server")], "groups")
    begin = time.monotonic()
    while not answers(port):
        if process.poll() is not None or time.monotonic() - begin > PATIENCE:
            print((folder / "output").read_text(errors="replace")[-4000:])
            print("rabbitmq-server did not start")
            return 1
        time.sleep(0.1)
    print(f"rabbitmq-server answers after {time.monotonic() - begin:.1f} s on port {port}")
    return 0


def kill(folder, number=signal.SIGKILL):
    """The server, and not its epmd."""
    for group in (folder / "groups").read_text().split():
        kill_group_of(folder, int(group), number)


def known_environment(folder):
    return dict(line.split("=", 1) for line in (folder / "environment").read_text().splitlines())


# The lists that tests ask for again and again, as the server knows them: rabbitmqctl takes a second of processor to begin.
LISTS = {
    "list_queues": 'rabbit_amqqueue:info_all(<<"/">>, Columns)',
    "list_channels": "rabbit_channel:info_all(Columns)",
    "list_connections": "rabbit_networking:connection_info_all(Columns)",
    "list_consumers": 'rabbit_amqqueue:consumers_all(<<"/">>)',
}
TABLE = """
Word = fun ({resource, _, _, Name}) -> Name;
           (Value) when is_binary(Value) -> Value;
           (Value) when is_pid(Value) -> rabbit_misc:pid_to_string(Value);
           (Value) -> io_lib:format("~0p", [Value]) end,
base64:encode_to_string(iolist_to_binary([[lists:join($\\t, [Word(proplists:get_value(Column, Row)) || Column <- Columns]), $\\n] || Row <- Rows])).
"""


def table(folder, env, verb, columns):
    """What "rabbitmqctl -q" says, but for the form of what is no name, number or process; nothing if the server does not answer."""
    asked = f"Columns = [{', '.join(columns)}], Rows = {LISTS[verb]}," + TABLE
    command = ["erl_call", "-sname", env["RABBITMQ_NODENAME"], "-c", (folder / ".erlang.cookie").read_text(), "-e"]
    said = subprocess.run(command, input=asked, env=env, cwd=folder, check=False, capture_output=True, text=True).stdout
    # A long string is printed as the list of its characters.
    if short := re.fullmatch(r'\{ok, "(.*)"\}\s*', said):
        return base64.b64decode(short[1]).decode()
    if long := re.fullmatch(r"\{ok, \[([\d, ]*)\]\}\s*", said):
        return base64.b64decode(bytes(int(number) for number in long[1].split(",") if number)).decode()
    return None


def ctl(folder, words):
    env = known_environment(folder)
    if words[:1] == ["-q"] and len(words) > 1 and words[1] in LISTS and "arguments" not in words:
        text = table(folder, env, words[1], words[2:])
        if text is not None:
            print(text, end="")
            return 0
    return subprocess.run([str(programs() / "rabbitmqctl"), *words], env=env, cwd=folder, check=False).returncode


def main(arguments):
    verb, folder = arguments[0], Path(arguments[1]).resolve()
    if verb == "start":
        return start(folder)
    if verb == "join":
        return start(folder, Path(arguments[2]).resolve())
    if verb == "stop":
        stop(folder)
        return 0
    if verb == "kill":
        kill(folder)
        return 0
    if verb in ("freeze", "thaw"):
        kill(folder, signal.SIGSTOP if verb == "freeze" else signal.SIGCONT)
        return 0
    if verb == "empty":
        shutil.rmtree(folder / "data")
        return 0
    if verb == "revive":
        return serve(folder, known_environment(folder))
    if verb == "ctl":
        return ctl(folder, arguments[2:])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
