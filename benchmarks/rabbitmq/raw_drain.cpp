// SPDX-License-Identifier: MIT
// Raw RabbitMQ: jobs wait in a queue; one process takes them and sends their results to the client, who reads
// them as they come, as Cohort's does.
#include "rabbitmq/raw.hpp"
#include "rabbitmq/raw_worker.hpp"
#include "support/parts.hpp"
#include "support/rounds.hpp"
#include "support/usage.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace bench::raw {

namespace {

using namespace std::chrono_literals;

void fill_and_check(Case const& what) {
    RabbitLink jobs{what};
    RabbitLink results{what};
    jobs.declare("jobs");
    results.declare("results");
    for (std::uint64_t n = 0; n < what.jobs;) {
        auto const end = std::min<std::uint64_t>(what.jobs, n + 500);
        for (; n < end; ++n)
            jobs.publish("jobs", job(n));
        jobs.await_confirms();
    }
    results.consume("results", 200);
    say("filled");
    std::vector<bool> seen(what.jobs);
    for (std::uint64_t left = what.jobs; left > 0;) {
        auto result = results.next(30'000ms);
        if (!result) throw std::runtime_error{std::to_string(left) + " results are missing"};
        for (; result; result = results.next(0ms)) {
            auto const n = check_answer(*result);
            if (seen.at(n)) throw std::runtime_error{"a result came twice"};
            seen[n] = true;
            --left;
        }
        results.ack();
    }
    hear();
    say("checked");
}

void drain(Case const& what) {
    RabbitTurns turns{what};
    say("begin");
    auto const begun = SteadyClock::now();
    Usage const from = used_so_far();
    for (std::uint64_t done = 0; done < what.jobs;)
        done += turns.turn(1000ms);
    Sample sample;
    sample.seconds = std::chrono::duration<double>{SteadyClock::now() - begun}.count();
    sample.worker = between(from, used_so_far());
    sample.jobs = what.jobs;
    say(sample.line());
}

Part const client{"raw.rabbitmq.drain.client", fill_and_check};
Part const worker{"raw.rabbitmq.drain", drain};

Sample once(Case const& what) {
    Child child{"raw.rabbitmq.drain.client", what};
    child.expect("filled");
    Sample const sample = measure_in("raw.rabbitmq.drain", what);
    child.say("check");
    child.expect("checked");
    child.join();
    return sample;
}

}  // namespace

Sample measure_rabbitmq_drain(Case const& what) {
    return in_rounds(what, once);
}

}  // namespace bench::raw
