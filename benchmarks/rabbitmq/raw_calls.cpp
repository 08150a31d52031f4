// SPDX-License-Identifier: MIT
// Raw RabbitMQ: a client process keeps 200 jobs under way and reads every result; a worker process runs them.
#include "rabbitmq/raw.hpp"
#include "rabbitmq/raw_worker.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <stdexcept>
#include <unordered_map>

namespace bench::raw {

namespace {

using namespace std::chrono_literals;

class Calls {
public:
    Calls(Case const& what, Pace& pace)
        : concurrency_{what.concurrency}, pace_{pace}, jobs_{what}, results_{what} {
        results_.consume("results", concurrency_);
    }

    // Publishes what may be under way beside what is, in one go.
    void push() {
        auto const begun = SteadyClock::now();
        while (under_way_.size() < concurrency_) {
            jobs_.publish("jobs", job(n_));
            under_way_.emplace(n_++, begun);
        }
        jobs_.await_confirms();
    }

    // Waits for one result, and takes all others that are there.
    void collect() {
        auto result = results_.next(30'000ms);
        if (!result) throw std::runtime_error{"no result comes"};
        for (; result; result = results_.next(0ms)) {
            auto const call = under_way_.extract(check_answer(*result));
            pace_.done(call.mapped());
        }
        results_.ack();
    }

private:
    std::uint32_t const concurrency_;
    Pace& pace_;
    RabbitLink jobs_;
    RabbitLink results_;
    std::uint64_t n_ = 0;
    std::unordered_map<std::uint64_t, SteadyClock::time_point> under_way_;
};

void ask_for_a_while(Case const& what) {
    Pace pace{what.seconds, [] { say("begin"); }};
    Calls calls{what, pace};
    while (pace.goes_on()) {
        calls.push();
        calls.collect();
    }
    say(pace.sample().line());
}

Part const part{"raw.rabbitmq.end_to_end", ask_for_a_while};

}  // namespace

Sample measure_rabbitmq_calls(Case const& what) {
    return measure_in("raw.rabbitmq.end_to_end", rabbitmq_worker_part, what);
}

}  // namespace bench::raw
