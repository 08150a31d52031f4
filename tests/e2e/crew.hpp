// SPDX-License-Identifier: MIT
// Worker processes on one broker, whose leases end soon. Those that still run when the crew goes are killed.
#pragma once

#include "e2e/e2e_jobs.hpp"
#include "support/process.hpp"

#include <cohort/client.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <deque>
#include <string>
#include <vector>

namespace e2e {

using namespace std::chrono_literals;

struct Crew {
    Crew(support::TempDir const& dir, std::string const& url, int workers,
         std::vector<std::string> const& more = {}) {
        for (int i = 0; i < workers; ++i) {
            std::vector<std::string> command{support::program("e2e_worker"),
                                             "--broker",
                                             url,
                                             "--lease",
                                             "1s",
                                             "--upkeep",
                                             "300ms",
                                             "--concurrency",
                                             "8"};
            command.insert(command.end(), more.begin(), more.end());
            processes.emplace_back(command, dir.file("worker.log"));
        }
    }
    std::deque<support::Process> processes;
};

template<class Job>
cohort::awaitable<void> until_it_runs(Job const& job) {
    bool runs = false;
    while (!runs) {
        co_await cohort::sleep_for(20ms);
        auto const record = co_await job.status();
        runs = record->state == cohort::JobState::running;
    }
}

// kill -9 of the one worker that runs a job: it runs again on another one. How long after the kill it does.
inline cohort::awaitable<cohort::Duration> kill_the_holder(support::TempDir const& dir, std::string url) {
    cohort::Client client{url};
    Crew first{dir, url, 1};
    auto const job = co_await client.enqueue_job<twice>(21, 1500);
    co_await until_it_runs(job);
    Crew const others{dir, url, 2};
    first.processes.front().signal(SIGKILL);
    auto const killed = cohort::system_clock().now();
    int const value = co_await job.result(20s);
    CHECK(value == 42);
    auto const record = co_await job.status();
    CHECK(record->counters.attempt == 2);
    CHECK(record->counters.lost == 1);
    CHECK(record->counters.failures == 0);
    co_return *record->started - killed;
}

}  // namespace e2e
