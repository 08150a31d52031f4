// SPDX-License-Identifier: MIT
// The worker processes that this program starts, and may kill.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace files {

class Crew {
public:
    // Starts `count` processes of the worker program beside this one.
    Crew(int count, std::string const& broker);
    // Asks those that are left to stop (SIGTERM), and waits for them.
    ~Crew();
    Crew(Crew const&) = delete;
    Crew& operator=(Crew const&) = delete;

    // kill -9 of the first; says which process it was.
    pid_t kill_one();

private:
    std::vector<pid_t> pids_;
};

}  // namespace files
