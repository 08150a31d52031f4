// SPDX-License-Identifier: MIT
#include "rabbitmq/raw_worker.hpp"

#include "support/parts.hpp"

#include <atomic>
#include <thread>

namespace bench::raw {

namespace {

using namespace std::chrono_literals;

void work_until_stopped(Case const& what) {
    std::atomic<bool> stopping = false;
    RabbitTurns turns{what};
    std::thread thread{[&] {
        while (!stopping)
            turns.turn(100ms);
    }};
    say("ready");
    answer_until_stop();
    stopping = true;
    thread.join();
}

Part const part{rabbitmq_worker_part, work_until_stopped};

}  // namespace

RabbitTurns::RabbitTurns(Case const& what) : batch_{what.batch}, jobs_{what}, results_{what} {
    jobs_.declare("jobs");
    results_.declare("results");
    jobs_.consume("jobs", what.concurrency);
}

std::uint64_t RabbitTurns::turn(std::chrono::milliseconds patience) {
    std::uint64_t count = 0;
    for (auto job = jobs_.next(patience); job; job = jobs_.next(0ms)) {
        results_.publish("results", answer(*job));
        if (++count == batch_) break;
    }
    if (count == 0) return 0;
    results_.await_confirms();
    jobs_.ack();
    return count;
}

}  // namespace bench::raw
