// SPDX-License-Identifier: MIT
// How many jobs a second does one worker process run when 100,000 are waiting?
#include "questions/asking.hpp"

#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace bench {

namespace {

cohort::awaitable<std::vector<cohort::Job<int>>> fill(cohort::Client& client, Case const& what) {
    std::vector<cohort::Job<int>> jobs;
    while (jobs.size() < what.jobs) {
        std::vector<Arguments> calls;
        auto const end = std::min<std::uint64_t>(what.jobs, jobs.size() + what.batch);
        for (std::uint64_t n = jobs.size(); n < end; ++n)
            calls.push_back(arguments(n));
        auto const stored = co_await enqueue_many(client, what.body, calls);
        jobs.insert(jobs.end(), stored.begin(), stored.end());
    }
    co_return jobs;
}

// From the start of run() until the last outcome is stored.
cohort::awaitable<void> watch(cohort::Worker& worker, Case const& what, Sample& sample) {
    auto const begun = SteadyClock::now();
    Usage const from = used_so_far();
    while (worker.stats().succeeded < what.jobs)
        co_await cohort::sleep_for(1ms);
    sample.seconds = std::chrono::duration<double>{SteadyClock::now() - begun}.count();
    sample.worker = between(from, used_so_far());
    sample.jobs = what.jobs;
    worker.stop();
}

cohort::awaitable<Sample> drain(cohort::Worker& worker, Case const& what) {
    Sample sample;
    std::vector<cohort::awaitable<void>> both;
    both.push_back(worker.run());
    both.push_back(watch(worker, what, sample));
    co_await all_of(std::move(both));
    co_return sample;
}

cohort::awaitable<void> check_all(std::vector<cohort::Job<int>> const& jobs, Case const& what) {
    for (std::size_t from = 0; from < jobs.size(); from += what.batch) {
        auto const to = std::min<std::size_t>(jobs.size(), from + what.batch);
        std::vector<cohort::Job<int>> const some(jobs.begin() + static_cast<std::ptrdiff_t>(from),
                                                 jobs.begin() + static_cast<std::ptrdiff_t>(to));
        auto const outcomes = co_await cohort::wait_all(some, 30s);
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            check(from + i, outcomes[i].value.value());
    }
}

// ---- the parts

cohort::awaitable<void> fill_and_check(Case what) {
    auto executor = co_await boost::asio::this_coro::executor;
    cohort::Client client{executor, url_of(what)};
    auto const jobs = co_await fill(client, what);
    say("filled");
    bool const listens = broker(what.broker).hands_results_over;
    if (listens) co_await check_all(jobs, what);
    hear();  // that they have run
    if (!listens) co_await check_all(jobs, what);
    say("checked");
    client.close();
}

cohort::awaitable<void> work(Case what) {
    cohort::Worker worker{url_of(what), worker_options(what)};
    Sample const sample = co_await drain(worker, what);
    say(sample.line());
}

cohort::awaitable<void> do_both(Case what) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto const broker = cohort::open_broker(url_of(what));
    cohort::Client client{executor, broker};
    auto const jobs = co_await fill(client, what);
    cohort::Worker worker{broker, worker_options(what)};
    Sample const sample = co_await drain(worker, what);
    co_await check_all(jobs, what);
    say(sample.line());
    client.close();
}

Part const client_process{"drain.client", [](Case const& what) { cohort::run(fill_and_check(what)); }};
Part const worker_process{"drain.worker", [](Case const& what) { cohort::run(work(what)); }};
Part const one_process{"drain.both", [](Case const& what) { cohort::run(do_both(what)); }};

Sample once(Case const& what) {
    if (broker(what.broker).in_one_process) return measure_in("drain.both", what);
    Child client{"drain.client", what};
    client.expect("filled");
    Sample const sample = measure_in("drain.worker", what);
    client.say("check");
    client.expect("checked");
    client.join();
    return sample;
}

Sample measure(Case const& what) {
    return in_rounds(what, once);
}

Add const added{Question{
    .name = "drain",
    .says = "100,000 jobs wait; one worker process runs them, concurrency 200, and stores their results",
    .place = 3,
    .has_bodies = true,
    .concurrency = 200,
    .batch = 500,
    .measure = measure,
}};

}  // namespace

}  // namespace bench
