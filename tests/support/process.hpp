// SPDX-License-Identifier: MIT
// Programs that a test starts, and folders that it works in. Both are gone when the test ends, however it
// ends.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace support {

// A fresh folder, mode 0700.
class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(TempDir const&) = delete;
    TempDir& operator=(TempDir const&) = delete;

    std::string file(std::string const& name) const { return (path_ / name).string(); }
    std::filesystem::path const& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

class Process {
public:
    // Standard output and error go to `log`.
    Process(std::vector<std::string> command, std::string const& log);
    // kill -9, if it still runs.
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;

    pid_t pid() const noexcept { return pid_; }
    void signal(int number) const;
    // The exit code, or 128 + signal; -1 when it has not ended after `milliseconds`.
    int wait(int milliseconds);
    // Whether it has been stopped (SIGSTOP) within `milliseconds`.
    bool wait_stopped(int milliseconds) const;
    // Whether it has a handler for this signal within `milliseconds`, and has not ended.
    bool wait_catches(int number, int milliseconds) const;

private:
    pid_t pid_ = 0;
};

// The program of this name beside the test program.
std::string program(std::string const& name);

}  // namespace support
