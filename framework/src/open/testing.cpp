// SPDX-License-Identifier: MIT
#include "io/virtual_time.hpp"
#include "memory/memory.hpp"

#include <cohort/testing.hpp>

#include <boost/asio/co_spawn.hpp>

#include <string>

namespace cohort::testing {

struct Loop::State {
    explicit State(Duration longest_run) : longest{longest_run} { clock.emplace(context); }

    Duration const longest;
    std::optional<io::VirtualTime> clock;
    boost::asio::io_context context{1};  // destroyed first: what it destroys may still look at the clock
};

Loop::Loop(Duration longest) : state_{std::make_unique<State>(longest)} {}
Loop::~Loop() = default;

Clock const& Loop::clock() const noexcept {
    return *state_->clock;
}

boost::asio::any_io_executor Loop::executor() const noexcept {
    return state_->context.get_executor();
}

std::shared_ptr<Broker> Loop::make_broker() const {
    return memory::open(parse_url("memory:"), *state_->clock);
}

void Loop::run_to_end(awaitable<void> test) {
    // Owned by the coroutine too: a test that is stuck ends when the loop is destroyed, after this function.
    struct Ending {
        bool is_over = false;
        std::exception_ptr failure;
    };
    auto const ending = std::make_shared<Ending>();
    io::VirtualTime& time = *state_->clock;
    boost::asio::co_spawn(state_->context, std::move(test), [ending, &time](std::exception_ptr error) {
        ending->is_over = true;
        ending->failure = std::move(error);
        time.stop();
    });

    Duration const start = time.steady();
    while (!ending->is_over) {
        auto const ran = time.run(start + state_->longest);
        std::string const now =
            to_string(time.now()) + ", " + to_string(time.steady() - start) + " after the start";
        if (ran == io::VirtualTime::Ran::idle) {
            throw Stuck{"deadlock: at " + now + ", the test waits, nothing is ready and no timer is set"};
        }
        if (ran == io::VirtualTime::Ran::late) {
            throw Stuck{"the test has not ended in " + to_string(state_->longest) +
                        " of its own time: it is " + now};
        }
    }
    if (ending->failure) std::rethrow_exception(ending->failure);
}

}  // namespace cohort::testing
