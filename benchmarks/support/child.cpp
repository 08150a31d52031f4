// SPDX-License-Identifier: MIT
// The side that starts parts.
#include "support/parts.hpp"
#include "support/server.hpp"
#include "support/usage.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

struct Pipe {
    int read = -1;
    int write = -1;
};

Pipe make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error{errno, std::generic_category(), "pipe"};
    return {ends[0], ends[1]};
}

pid_t start(std::vector<std::string> const& words, int input, int output) {
    std::vector<char*> arguments;
    for (auto const& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    pid_t pid = 0;
    int const fault = posix_spawn(&pid, "/proc/self/exe", &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (fault != 0) throw std::system_error{fault, std::generic_category(), "posix_spawn"};
    return pid;
}

}  // namespace

Child::Child(std::string part, Case const& what)
    : part_{std::move(part)}, patience_seconds_{what.seconds * 3 + 120} {
    Pipe const input = make_pipe();
    Pipe const output = make_pipe();
    auto words = what.words();
    words.insert(words.begin(), {"cohort_bench", "--part", part_});
    pid_ = start(words, input.read, output.write);
    close(input.read);
    close(output.write);
    to_ = input.write;
    from_ = output.read;
}

Child::~Child() {
    close(to_);
    close(from_);
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void Child::say(std::string_view line) {
    std::string const text = std::string{line} + "\n";
    if (write(to_, text.data(), text.size()) < 0) throw std::runtime_error{part_ + " has ended"};
}

std::string Child::hear() {
    auto const until = SteadyClock::now() + std::chrono::duration<double>{patience_seconds_};
    for (;;) {
        auto const end = unread_.find('\n');
        if (end != std::string::npos) {
            std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        pollfd readable{from_, POLLIN, 0};
        if (poll(&readable, 1, 1000) == 0) {
            if (SteadyClock::now() > until) throw std::runtime_error{part_ + " is stuck"};
            continue;
        }
        char text[4096];
        auto const count = read(from_, text, sizeof text);
        if (count <= 0) throw std::runtime_error{part_ + " failed"};
        unread_.append(text, static_cast<std::size_t>(count));
    }
}

void Child::expect(std::string_view line) {
    std::string const heard = hear();
    if (heard != line)
        throw std::runtime_error{part_ + " said \"" + heard + "\" instead of \"" + std::string{line} + "\""};
}

void Child::join() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error{part_ + " failed"};
}

Sample measure_in(std::string const& part, Case const& what) {
    Child child{part, what};
    auto from = server_cpu_us();
    std::string line = child.hear();
    if (line == "begin") {
        from = server_cpu_us();
        line = child.hear();
    }
    Sample sample = Sample::from_line(line);
    if (from) sample.server_us = *server_cpu_us() - *from;
    child.join();
    return sample;
}

Sample measure_in(std::string const& client_part, std::string const& worker_part, Case const& what) {
    Child worker{worker_part, what};
    worker.expect("ready");
    Child client{client_part, what};
    client.expect("begin");
    worker.say("usage");
    Usage const from = usage_from_line(worker.hear());
    auto const server_from = server_cpu_us();
    Sample sample = Sample::from_line(client.hear());
    if (server_from) sample.server_us = *server_cpu_us() - *server_from;
    worker.say("usage");
    sample.worker = between(from, usage_from_line(worker.hear()));
    client.join();
    worker.say("stop");
    worker.join();
    return sample;
}

}  // namespace bench
