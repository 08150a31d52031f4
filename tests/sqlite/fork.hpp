// SPDX-License-Identifier: MIT
// A child process that runs a function of the test.
#pragma once

#include <csignal>
#include <cstdlib>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace test {

// Made while the test has no other threads. Killed and waited for by the destructor.
class Child {
public:
    explicit Child(std::function<void()> const& body) : pid_{::fork()} {
        if (pid_ < 0) std::abort();
        if (pid_ > 0) return;
        int code = 0;
        try {
            body();
        } catch (...) {
            code = 1;
        }
        // No destructors of what the parent owns, and no reports of the test program.
        ::_exit(code);
    }
    ~Child() {
        if (pid_ <= 0) return;
        kill(SIGKILL);
        wait();
    }
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    pid_t pid() const noexcept { return pid_; }
    void kill(int signal) noexcept { ::kill(pid_, signal); }
    // Its exit code, or 128 + the signal that ended it.
    int wait() noexcept {
        int status = 0;
        if (pid_ <= 0 || ::waitpid(pid_, &status, 0) != pid_) return -1;
        pid_ = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    pid_t pid_;
};

}  // namespace test
