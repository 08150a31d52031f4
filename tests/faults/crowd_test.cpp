// SPDX-License-Identifier: MIT
// Many who wait for one job, some of whom lose patience.
#include "faults/jobs.hpp"
#include "faults/scenario.hpp"

#include <cohort/client.hpp>
#include <cohort/run.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <deque>

using namespace faults;
namespace asio = boost::asio;

namespace {

cohort::awaitable<void> wait_for(cohort::Job<std::string> job, std::string& result) {
    result = co_await job.result(60s);
}

}  // namespace

FAULT("F31", "sqlite redis memory rabbitmq+sqlite",
      "a hundred wait for one job, and half of them are cancelled: the others get its result") {
    auto const ids = stage.asker().enqueue({.job = "ok", .number = 500});
    auto context = std::make_unique<asio::io_context>();
    auto client = std::make_unique<cohort::Client>(context->get_executor(), stage.store().open());
    std::vector<std::string> results(100);
    std::deque<asio::cancellation_signal> signals(100);
    int cancelled = 0;
    int ended = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        auto const job = client->find<std::string>({"default", ids.front()});
        auto done = [&](std::exception_ptr error) {
            ++ended;
            if (error) ++cancelled;
        };
        asio::co_spawn(*context, wait_for(job, results[i]),
                       asio::bind_cancellation_slot(signals[i].slot(), done));
    }
    context->run_for(std::chrono::milliseconds{50 + stage.below(100)});
    for (std::size_t i = 0; i < 100; i += 2)
        signals[i].emit(asio::cancellation_type::terminal);
    auto const run_until_ended = [&](int count) {
        auto const end = ledger_time() + 20s;
        while (ended < count && ledger_time() < end)
            context->run_for(std::chrono::milliseconds{10});
        CHECK(ended == count);
    };
    run_until_ended(50);
    stage.start();
    run_until_ended(100);
    CHECK(cancelled == 50);
    for (std::size_t i = 0; i < 100; ++i)
        CHECK(results[i] == (i % 2 == 0 ? "" : ids.front() + "/1/w1"));
    client.reset();
    context.reset();
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == 1);
}
