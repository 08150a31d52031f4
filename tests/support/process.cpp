// SPDX-License-Identifier: MIT
#include "support/process.hpp"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace support {

TempDir::TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "cohort-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make " + name};
    path_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Process::Process(std::vector<std::string> command, std::string const& log) {
    std::vector<char*> pointers;
    for (auto& word : command)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    int const error =
        posix_spawn(&pid_, command.front().c_str(), &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error{"cannot start " + command.front()};
}

Process::~Process() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

Process::Process(Process&& other) noexcept : pid_{std::exchange(other.pid_, 0)} {}

void Process::signal(int number) const {
    if (pid_ != 0) kill(pid_, number);
}

int Process::wait(int milliseconds) {
    if (pid_ == 0) return -1;
    int const fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd watched{fd, POLLIN, 0};
    bool const ended = poll(&watched, 1, milliseconds) == 1;
    close(fd);
    if (!ended) return -1;
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Process::wait_stopped(int milliseconds) const {
    for (int waited = 0; pid_ != 0 && waited <= milliseconds; ++waited) {
        siginfo_t info{};
        waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG | WNOWAIT);
        if (info.si_pid == pid_) return true;
        usleep(1000);
    }
    return false;
}

bool Process::wait_catches(int number, int milliseconds) const {
    std::string const path = "/proc/" + std::to_string(pid_) + "/status";
    for (int waited = 0; pid_ != 0 && waited <= milliseconds; ++waited) {
        std::ifstream status{path};
        for (std::string word; status >> word;) {
            if (word == "State:") {
                status >> word;
                if (word == "Z") return false;
            }
            if (word != "SigCgt:") continue;
            std::uint64_t caught = 0;
            status >> std::hex >> caught;
            if ((caught >> (number - 1) & 1) != 0) return true;
        }
        usleep(1000);
    }
    return false;
}

std::string program(std::string const& name) {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

}  // namespace support
