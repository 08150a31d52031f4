// SPDX-License-Identifier: MIT
// The raw limit of Redis: a list of jobs, results as keys that expire, blocking hiredis, nothing else. It
// keeps what a job is made of, and none of what Cohort promises beside that (leases, retries, unique ids,
// states to look at).
#pragma once

#include "support/case.hpp"
#include "support/job_line.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;
struct redisReply;

namespace bench::raw {

// One connection, one thread. Whatever goes wrong is thrown.
class Link {
public:
    explicit Link(Case const& what);
    ~Link();
    Link(Link const&) = delete;
    Link& operator=(Link const&) = delete;

    using Reply = std::unique_ptr<redisReply, void (*)(redisReply*)>;
    using Words = std::vector<std::string_view>;

    // Sends with the next read, or when the buffer is full.
    void send(Words const& words);
    Reply read();
    Reply ask(Words const& words) {
        send(words);
        return read();
    }
    // Puts a script there and returns what it is called by.
    std::string load(std::string_view script);

private:
    redisContext* context_;
};

}  // namespace bench::raw
