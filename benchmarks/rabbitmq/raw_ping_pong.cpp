// SPDX-License-Identifier: MIT
// Raw RabbitMQ: one process publishes a job, confirmed, and waits for its result; another runs one job at a
// time.
#include "rabbitmq/raw.hpp"
#include "rabbitmq/raw_worker.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <stdexcept>

namespace bench::raw {

namespace {

using namespace std::chrono_literals;

void ping(Case const& what) {
    RabbitLink jobs{what};
    RabbitLink results{what};
    results.consume("results", 1);
    Pace pace{what.seconds, [] { say("begin"); }};
    for (std::uint64_t n = 0; pace.goes_on(); ++n) {
        auto const begun = SteadyClock::now();
        jobs.publish("jobs", job(n));
        jobs.await_confirms();
        auto const result = results.next(30'000ms);
        if (!result || check_answer(*result) != n) throw std::runtime_error{"a wrong result"};
        results.ack();
        pace.done(begun);
    }
    say(pace.sample().line());
}

Part const client{"raw.rabbitmq.ping", ping};

}  // namespace

Sample measure_rabbitmq_ping_pong(Case const& what) {
    return measure_in("raw.rabbitmq.ping", rabbitmq_worker_part, what);
}

}  // namespace bench::raw
