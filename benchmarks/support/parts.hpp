// SPDX-License-Identifier: MIT
// The parts of a measurement that run in processes of their own, and how those processes talk: lines through
// pipes. A part is this same program, started anew with the part's name.
#pragma once

#include "support/case.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace bench {

// ---- in the part's process

using PartFunction = void (*)(Case const& what);

// At namespace scope: Part const part{"drain.worker", drain_in_worker};
struct Part {
    Part(std::string name, PartFunction function);
};

// One line to who started us.
void say(std::string_view line);
// The next line from there. Throws when there is none: who started us is gone.
std::string hear();
// Answers "usage" with what this process has used so far, until "stop".
void answer_until_stop();

// The part's whole program.
int run_part(std::string const& name, Case const& what);

// ---- in the process that measures

// A running part. Destroying it kills it.
class Child {
public:
    Child(std::string part, Case const& what);
    ~Child();
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    void say(std::string_view line);
    // The next line. Throws when it ends instead, or says nothing for a long time.
    std::string hear();
    // The next line is this one.
    void expect(std::string_view line);
    // Throws unless it ends well.
    void join();

private:
    std::string const part_;
    double const patience_seconds_;
    pid_t pid_ = 0;
    int to_ = -1;
    int from_ = -1;
    std::string unread_;
};

// One part that measures by itself and says its sample.
Sample measure_in(std::string const& part, Case const& what);
// A worker's part that says "ready" and then answers until it is told to stop, and a client's part that says
// "begin" when it begins to measure, and its sample at the end.
Sample measure_in(std::string const& client, std::string const& worker, Case const& what);

}  // namespace bench
