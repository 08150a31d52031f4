// SPDX-License-Identifier: MIT
#include "crew.hpp"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>

extern char** environ;

namespace files {

Crew::Crew(int count, std::string const& broker) {
    auto const program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "files_worker";
    // A short lease, so that nobody waits long for the jobs of the one that is killed.
    std::vector<std::string> arguments{program.string(), "--broker", broker,    "--queues", "files",
                                       "--concurrency",  "4",        "--lease", "2s",       "--upkeep",
                                       "500ms",          "--log",    "error"};
    std::vector<char*> pointers;
    for (auto& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1 /* O_WRONLY */, 0);
    for (int i = 0; i < count; ++i) {
        pid_t pid = 0;
        int const error = posix_spawn(&pid, program.c_str(), &actions, nullptr, pointers.data(), environ);
        if (error != 0)
            throw std::runtime_error{"cannot start " + program.string() + ": " + std::strerror(error)};
        pids_.push_back(pid);
    }
    posix_spawn_file_actions_destroy(&actions);
}

Crew::~Crew() {
    for (auto const pid : pids_)
        kill(pid, SIGTERM);
    for (auto const pid : pids_)
        waitpid(pid, nullptr, 0);
}

pid_t Crew::kill_one() {
    auto const pid = pids_.front();
    pids_.erase(pids_.begin());
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return pid;
}

}  // namespace files
