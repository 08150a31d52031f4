// SPDX-License-Identifier: MIT
// Raw RabbitMQ: one process publishes jobs, as many not yet confirmed as the case says.
#include "rabbitmq/link.hpp"
#include "rabbitmq/raw.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <stdexcept>

namespace bench::raw {

namespace {

void push_for_a_while(Case const& what) {
    RabbitLink link{what};
    link.declare("jobs");
    Pace pace{what.seconds, [] { say("begin"); }};
    std::uint64_t n = 0;
    while (pace.goes_on()) {
        auto const begun = SteadyClock::now();
        for (std::uint32_t i = 0; i < what.batch; ++i)
            link.publish("jobs", job(n++));
        link.await_confirms();
        pace.done(begun, what.batch);
    }
    say(pace.sample().line());
    if (link.depth(link.name("jobs")) != n) throw std::runtime_error{"not all jobs are stored"};
}

Part const part{"raw.rabbitmq.enqueue", push_for_a_while};

}  // namespace

Sample measure_rabbitmq_enqueue(Case const& what) {
    return measure_in("raw.rabbitmq.enqueue", what);
}

}  // namespace bench::raw
