// SPDX-License-Identifier: MIT
// Many who wait for one job, some of whom lose patience.
#include "faults/jobs.hpp"
#include "faults/scenario.hpp"

#include <cohort/client.hpp>
#include <cohort/run.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <deque>

using namespace faults;
namespace asio = boost::asio;

namespace {

cohort::awaitable<void> wait_for(cohort::Job<std::string> job, std::string& result) {
    result = co_await job.result(60s);
}

// Jobs of this client, or that it may ask for; it lives on this context.
void crowd(Stage& stage, asio::io_context& context, cohort::Client& client, std::string const& id) {
    std::vector<std::string> results(100);
    std::deque<asio::cancellation_signal> signals(100);
    int cancelled = 0;
    int ended = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        auto const job = client.find<std::string>({"default", id});
        auto done = [&](std::exception_ptr error) {
            ++ended;
            if (error) ++cancelled;
        };
        asio::co_spawn(context, wait_for(job, results[i]),
                       asio::bind_cancellation_slot(signals[i].slot(), done));
    }
    context.run_for(std::chrono::milliseconds{50 + stage.below(100)});
    for (std::size_t i = 0; i < 100; i += 2)
        signals[i].emit(asio::cancellation_type::terminal);
    auto const run_until_ended = [&](int count) {
        auto const end = ledger_time() + 20s;
        while (ended < count && ledger_time() < end)
            context.run_for(std::chrono::milliseconds{10});
        CHECK(ended == count);
    };
    run_until_ended(50);
    stage.start();
    run_until_ended(100);
    CHECK(cancelled == 50);
    for (std::size_t i = 0; i < 100; ++i)
        CHECK(results[i] == (i % 2 == 0 ? "" : id + "/1/w1"));
}

cohort::awaitable<void> enqueue_as(cohort::Client& client, std::string const& id) {
    co_await client.enqueue_job<ok>({.id = id}, 500);
}

}  // namespace

FAULT("F31", "sqlite redis memory rabbitmq+sqlite",
      "a hundred wait for one job, and half of them are cancelled: the others get its result") {
    auto const ids = stage.asker().enqueue({.job = "ok", .number = 500});
    auto context = std::make_unique<asio::io_context>();
    auto client = std::make_unique<cohort::Client>(context->get_executor(), stage.store().open());
    crowd(stage, *context, *client, ids.front());
    client.reset();
    context.reset();
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == 1);
}

FAULT("F31", "rabbitmq memory",
      "a hundred wait for one job of their own client, and half of them are cancelled: the others get its "
      "result") {
    auto context = std::make_unique<asio::io_context>();
    auto client = std::make_unique<cohort::Client>(context->get_executor(), stage.store().open());
    std::string const id = "own";
    stage.ledger()->write("invoke", {id});
    auto pushed = asio::co_spawn(*context, enqueue_as(*client, id), asio::use_future);
    while (pushed.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
        context->run_for(std::chrono::milliseconds{10});
    pushed.get();
    context->restart();  // it had nothing more to do
    stage.ledger()->write("ok", {id, "ok"});
    crowd(stage, *context, *client, id);
    client.reset();
    context.reset();
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == 1);
}
