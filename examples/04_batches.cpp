// SPDX-License-Identifier: MIT
// Many jobs: sent together, awaited together or as they come.
#include <cohort/cohort.hpp>

#include <iostream>
#include <string>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

long long square(long long n) {
    return n * n;
}
COHORT_JOB(square, .quick = true);
std::string shout(std::string text) {
    return text + "!";
}
COHORT_JOB(shout);

COHORT_REGISTER(square);
COHORT_REGISTER(shout);

cohort::awaitable<void> ask() {
    cohort::Client client{"sqlite:batches.db"};

    // One call for each tuple, one round trip for 500 of them.
    std::vector<std::tuple<int>> calls;
    for (int n = 1; n <= 1000; ++n)
        calls.emplace_back(n);
    auto const jobs = co_await client.enqueue_jobs<square>(calls);

    // All of them, in their order.
    long long sum = 0;
    auto const outcomes = co_await cohort::wait_all(jobs, 30s);
    for (auto const& outcome : outcomes)
        sum += outcome.value.value();
    std::cout << "the squares of 1 to 1000 add up to " << sum << "\n";

    // Different functions in one go, and their ends as they come.
    cohort::Batch batch;
    batch.add<square>(12);
    batch.add<shout>({.priority = 9}, "hello");
    auto mixed = co_await client.enqueue_batch(batch);
    cohort::AsCompleted done{std::move(mixed)};
    while (done.left() > 0) {
        std::size_t const index = co_await done.next(10s);
        std::cout << "job " << index << " gave " << done.ending(index).result << "\n";
    }
}

int main() {
    cohort::Worker worker{"sqlite:batches.db"};
    cohort::BackgroundWorker running{worker};
    cohort::run(ask());
}
