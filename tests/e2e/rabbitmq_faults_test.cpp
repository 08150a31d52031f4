// SPDX-License-Identifier: MIT
// What happens to a RabbitMQ server under load, and to the way there, with real workers. Each case has a
// server of its own. The wall clock is meant: it is the server's.
#include "e2e/rabbitmq_scene.hpp"

#include <cohort/run.hpp>

#include <future>
#include <optional>
#include <thread>

namespace rabbitmq_faults_test {

using namespace rabbitmq_scene;
using e2e::twice;

namespace {

// Not before its time, and not long behind it or behind the server's return.
cohort::awaitable<void> check_delayed(cohort::Job<int> job, Clock::time_point due, Clock::time_point back) {
    int const result = co_await job.result(60s);
    CHECK(result == 14);
    auto const now = Clock::now();
    CHECK(now >= due);
    CHECK(now < std::max(due, back) + longest_return);
}

cohort::awaitable<void> kill_under_load(support::RabbitServer& server) {
    std::string const url = server.url();
    cohort::Client client{url};
    Crew const crew{url, 2};
    Load load{client, 40};
    // RabbitMQ notes a new queue on its disk half a second after it was made (docs/brokers/rabbitmq.md).
    co_await load.push(1);
    auto const pushed = Clock::now();
    auto const soon = co_await client.enqueue_job<twice>({.delay = 8s, .max_lost = 100}, 7, 0);
    auto const later = co_await client.enqueue_job<twice>({.delay = 40s, .max_lost = 100}, 7, 0);
    co_await cohort::sleep_for(1500ms);
    co_await load.push(300);
    server.kill();
    // Nobody can take it.
    std::size_t const confirmed = load.jobs.size();
    co_await load.push(1);
    CHECK(load.jobs.size() == confirmed);
    server.revive();
    auto const back = Clock::now();
    CHECK(back < pushed + 40s);  // or the second one proves nothing
    co_await check_delayed(soon, pushed + 8s, back);
    co_await check_delayed(later, pushed + 40s, back);
    co_await load.collect();
    auto const again = co_await until_one_ends(load);
    CHECK(again < longest_return);
}

// F37: the server ends and begins in order.
cohort::awaitable<void> restart_in_order(support::RabbitServer& server) {
    Both both{server.url(), 2, 20};
    co_await both.settle_in();
    co_await both.push(60);
    CHECK(server.ctl("-q stop_app").empty());
    co_await both.push(2);
    CHECK(server.ctl("-q start_app").empty());
    co_await both.check_works();
    Side const& stored = both.sides.back();
    CHECK(stored.load.refused == 0);
}

// F40: who comes while there is no server waits for it, quietly.
cohort::awaitable<void> come_first(support::RabbitServer& server) {
    server.kill();
    Both both{server.url(), 2, 20};
    co_await both.push(3);
    co_await cohort::sleep_for(2s);
    Side& plain = both.sides.front();
    Side& stored = both.sides.back();
    CHECK(plain.load.refused == 3);
    CHECK(plain.load.code == cohort::errc::unavailable);
    CHECK(plain.load.longest < 1s + 500ms * support::slowness);
    CHECK(stored.load.refused == 0);
    co_await stored.load.collect();
    for (Side& side : both.sides) {
        INFO(side.name << ":\n" << side.crew.said());
        CHECK(lines_of(side.crew.said()) <= 20);
        CHECK(side.crew.is_alive());
    }
    server.revive();
    co_await both.check_works();
}

// How a wait for it ended: ok, or the error; with the time that it took.
struct Waited {
    cohort::errc code = cohort::errc::ok;
    Clock::duration took{};
};

std::future<Waited> wait_aside(cohort::JobHandle job, cohort::Duration limit) {
    return std::async(std::launch::async, [job, limit] {
        Waited waited;
        auto const begun = Clock::now();
        try {
            cohort::run(job.ending(limit));
        } catch (cohort::Error const& error) {
            waited.code = error.which();
        }
        waited.took = Clock::now() - begun;
        return waited;
    });
}

// F39: the server comes back with nothing. What was in its queues is gone, and all else goes on.
cohort::awaitable<void> come_back_empty(support::RabbitServer& server) {
    constexpr auto limit = 25s;
    Both both{server.url(), 2, 20};
    co_await both.settle_in();
    std::deque<std::future<Waited>> delayed;
    std::deque<std::future<Waited>> running;
    for (Side& side : both.sides) {
        auto const later = co_await side.client.enqueue_job<twice>({.delay = 5s, .max_lost = 100}, 1, 0);
        delayed.push_back(wait_aside(later, limit));
        auto const now = co_await side.client.enqueue_job<twice>({.max_lost = 100}, 1, 4000);
        running.push_back(wait_aside(now, limit));
    }
    co_await cohort::sleep_for(500ms);
    server.kill();
    server.empty();
    server.revive();
    co_await both.check_works();
    for (std::size_t i = 0; i < both.sides.size(); ++i) {
        Side& side = both.sides[i];
        INFO(side.name);
        Waited const later = delayed[i].get();
        CHECK(later.code == (side.has_store() ? cohort::errc::ok : cohort::errc::timed_out));
        CHECK(later.took < limit + 500ms * support::slowness);
        // The queue in which it was is gone; whether its result finds the client, nobody promises.
        Waited const now = running[i].get();
        CHECK((now.code == cohort::errc::ok || !side.has_store()));
        CHECK(now.took < limit + 500ms * support::slowness);
    }
    check_one_each(server, both);
}

// For four leases of the fault matrix, which is less than two heartbeats.
cohort::awaitable<void> stand_still(support::RabbitServer& server) {
    std::string const url = server.url();
    cohort::Client client{url};
    Crew const crew{url, 2};
    Load load{client, 3000};
    co_await load.push(8);
    Load quick{client, 20};
    co_await quick.push(40);
    // Half of them run, on average.
    co_await cohort::sleep_for(1500ms);
    server.freeze();
    co_await cohort::sleep_for(6s);
    server.thaw();
    co_await load.collect();
    co_await quick.collect();
    for (auto const& job : load.jobs) {
        auto const ending = co_await job.ending(1s);
        CHECK(ending.attempt == 1);
    }
    for (auto const& job : quick.jobs) {
        auto const ending = co_await job.ending(1s);
        CHECK(ending.attempt == 1);
    }
}

cohort::awaitable<void> close_all(support::RabbitServer& server) {
    Both both{server.url(), 2, 5};
    co_await both.push(50);
    std::string said;
    std::thread operator_{[&] {
        // As close_all_connections does, without a new Erlang for each.
        said = server.ctl("-q eval 'lists:foreach(fun(_) -> rabbit_networking:close_connections("
                          "rabbit_networking:connections(), \"closed by the test\"), timer:sleep(200) end, "
                          "lists:seq(1, 20)).'");
    }};
    for (int i = 0; i < 40; ++i) {
        co_await both.push(5);
        co_await cohort::sleep_for(100ms);
    }
    operator_.join();
    INFO(said);
    CHECK(said.find("ok") == 0);
    for (Side& side : both.sides) {
        INFO(side.name);
        CHECK(side.load.jobs.size() > 50);
        co_await side.load.collect();
    }
    check_one_each(server, both);
}

}  // namespace

TEST_CASE("on RabbitMQ, a server that is killed loses no job that it has confirmed, and none that is delayed",
          "[rabbitmq][F38][F33][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(kill_under_load(server));
}

TEST_CASE("on RabbitMQ, a server is restarted in order: all go on by themselves, and no job is lost",
          "[rabbitmq][F37][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(restart_in_order(server));
}

TEST_CASE(
    "on RabbitMQ, clients and workers come before the server: they say so in time, and begin when it does",
    "[rabbitmq][F40][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(come_first(server));
}

TEST_CASE("on RabbitMQ, a server comes back empty: waits for what it had end in time, and all else goes on",
          "[rabbitmq][F39][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(come_back_empty(server));
}

TEST_CASE("on RabbitMQ, a server stands still for a while: nobody is taken for dead, and nothing runs twice",
          "[rabbitmq][F49][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(stand_still(server));
}

TEST_CASE("on RabbitMQ, all connections are closed twenty times under load, and each worker has one consumer",
          "[rabbitmq][F47][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(close_all(server));
}

}  // namespace rabbitmq_faults_test
