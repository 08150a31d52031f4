// SPDX-License-Identifier: MIT
#include "questions/asking.hpp"

#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace bench {

namespace asio = boost::asio;

namespace {

struct Asking {
    AskFunction ask = nullptr;
    bool needs_worker = false;
};

std::map<std::string, Asking>& askings() {
    static std::map<std::string, Asking> all;
    return all;
}

// A measurement in which something went wrong has no figures. Others may still be under way: nothing is
// tidied up.
[[noreturn]] void give_up(std::exception_ptr const& error) {
    try {
        std::rethrow_exception(error);
    } catch (std::exception const& e) {
        std::cerr << e.what() << std::endl;
    }
    std::_Exit(1);
}

cohort::awaitable<std::uint64_t> count_stored(cohort::Broker& store, Case const& what) {
    auto const& waiting = broker(what.broker).waiting;
    if (waiting) co_return waiting(what);
    auto* const inspector = store.inspector();
    if (inspector == nullptr) throw std::runtime_error{"this broker cannot count its jobs"};
    std::vector<cohort::QueueInfo> const queues = co_await inspector->queues();
    std::uint64_t count = 0;
    for (auto const& queue : queues) {
        for (auto const jobs : queue.jobs)
            count += jobs;
    }
    co_return count;
}

cohort::awaitable<Sample> ask_for_a_while(cohort::Client& client, Case const& what) {
    auto const& asking = askings().at(what.question);
    Pace pace{what.seconds, [] { say("begin"); }};
    std::vector<cohort::awaitable<void>> coroutines;
    for (std::uint64_t i = 0; i < what.concurrency; ++i)
        coroutines.push_back(asking.ask(client, what, pace, i));
    co_await all_of(std::move(coroutines));

    // Where no worker looks at the jobs, nobody has seen yet that they are there.
    if (!asking.needs_worker) {
        std::uint64_t const stored = co_await count_stored(client.broker(), what);
        if (stored != pace.asked()) {
            throw std::runtime_error{std::to_string(pace.asked()) + " jobs were enqueued, and " +
                                     std::to_string(stored) + " are stored"};
        }
    }
    co_return pace.sample();
}

// ---- the parts

cohort::awaitable<void> ask_alone(Case what) {
    auto executor = co_await asio::this_coro::executor;
    cohort::Client client{executor, url_of(what)};
    Sample const sample = co_await ask_for_a_while(client, what);
    say(sample.line());
    client.close();
}

void client_part(Case const& what) {
    cohort::run(ask_alone(what));
}

void worker_part(Case const& what) {
    cohort::Worker worker{url_of(what), worker_options(what)};
    cohort::BackgroundWorker running{worker};
    say("ready");
    answer_until_stop();
    running.stop();
}

cohort::awaitable<void> ask_and_stop(cohort::Client& client, cohort::Worker& worker, Case const& what) {
    Sample sample = co_await ask_for_a_while(client, what);
    worker.stop();
    say(sample.line());
}

cohort::awaitable<void> ask_beside_worker(Case what) {
    auto executor = co_await asio::this_coro::executor;
    auto const broker = cohort::open_broker(url_of(what));
    cohort::Client client{executor, broker};
    cohort::Worker worker{broker, worker_options(what)};
    std::vector<cohort::awaitable<void>> both;
    both.push_back(worker.run());
    both.push_back(ask_and_stop(client, worker, what));
    co_await all_of(std::move(both));
    client.close();
}

void both_part(Case const& what) {
    cohort::run(ask_beside_worker(what));
}

Part const client_process{"asking.client", client_part};
Part const worker_process{"asking.worker", worker_part};
Part const one_process{"asking.both", both_part};

}  // namespace

Asks::Asks(std::string question, AskFunction ask, bool needs_worker) {
    askings()[std::move(question)] = Asking{ask, needs_worker};
}

Sample measure_asking(Case const& what) {
    if (!askings().at(what.question).needs_worker) return measure_in("asking.client", what);
    if (broker(what.broker).in_one_process) return measure_in("asking.both", what);
    return measure_in("asking.client", "asking.worker", what);
}

cohort::awaitable<void> all_of(std::vector<cohort::awaitable<void>> coroutines) {
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer ended{executor, asio::steady_timer::time_point::max()};
    auto left = coroutines.size();
    auto const end = [&](std::exception_ptr const& error) {
        if (error) give_up(error);
        if (--left == 0) ended.cancel();
    };
    for (auto& coroutine : coroutines)
        asio::co_spawn(executor, std::move(coroutine), end);
    boost::system::error_code cancelled;
    co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

std::string url_of(Case const& what) {
    return broker(what.broker).url(what);
}

cohort::WorkerOptions worker_options(Case const& what) {
    cohort::WorkerOptions options;
    options.concurrency = what.concurrency;
    // On one thread where the body allows it: a plain function is called on another one.
    if (broker(what.broker).in_one_process && what.body != "plain") options.threads = 0;
    return options;
}

}  // namespace bench
