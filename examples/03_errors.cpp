// SPDX-License-Identifier: MIT
// How jobs fail, and what the caller sees.
#include <cohort/cohort.hpp>

#include <iostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

// Fails twice, then succeeds: retried, since it says so.
int flaky(cohort::Context& context) {
    if (context.attempt() < 3) throw std::runtime_error{"out of paper"};
    return static_cast<int>(context.attempt());
}
COHORT_JOB(flaky, .max_retries = 3, .backoff = cohort::Backoff{.initial = 50ms, .max = 50ms});

// It cannot get better: no retries, whatever the options say.
void hopeless(std::string const& name) {
    throw cohort::Discard{"no customer named " + name};
}
COHORT_JOB(hopeless, .max_retries = 10);

cohort::awaitable<void> slow() {
    co_await cohort::sleep_for(1h);
}
COHORT_JOB(slow, .timeout = 200ms);

COHORT_REGISTER(flaky);
COHORT_REGISTER(hopeless);
COHORT_REGISTER(slow);

cohort::awaitable<void> ask() {
    cohort::Client client{"sqlite:errors.db"};

    auto first = co_await client.enqueue_job<flaky>();
    int const attempts = co_await first.result(10s);
    std::cout << "flaky succeeded at attempt " << attempts << "\n";

    // As an exception…
    auto second = co_await client.enqueue_job<hopeless>("Smith");
    try {
        co_await second.result(10s);
    } catch (cohort::JobFailed const& failure) {
        std::cout << failure.error() << " (" << to_string(failure.reason()) << ")\n";
    }

    // …or as a value.
    auto third = co_await client.enqueue_job<slow>();
    auto const outcome = co_await third.outcome(10s);
    if (!outcome.has_value()) std::cout << "slow: " << to_string(outcome.reason) << "\n";

    // Waiting too long is not a failure: the job goes on.
    auto fourth = co_await client.enqueue_job<flaky>({.delay = 1min});
    try {
        co_await fourth.result(100ms);
    } catch (cohort::Error const& error) {
        std::cout << to_string(error.which()) << "\n";
    }
    co_await fourth.cancel();
}

int main() {
    cohort::Worker worker{"sqlite:errors.db"};
    cohort::BackgroundWorker running{worker};
    cohort::run(ask());
}
