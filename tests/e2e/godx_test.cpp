// SPDX-License-Identifier: MIT
// Clients and services of the godx's vocabulary on a real RabbitMQ server, the list of clients in a
// file; and services that stop and come back.
#include "e2e/e2e_jobs.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/godx.hpp>
#include <cohort/id.hpp>
#include <cohort/open.hpp>
#include <cohort/register.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace godx_test {

using namespace std::chrono_literals;
using namespace cohort::godx;
using cohort::awaitable;

int price(int pieces) {
    if (pieces < 0) throw std::runtime_error{"less than nothing"};
    return 3 * pieces;
}
COHORT_JOB(price);
awaitable<int> slow_price(int pieces) {
    co_await cohort::sleep_for(1h);
    co_return pieces;
}
COHORT_JOB(slow_price, .timeout = 300ms);
int newest(int n) {
    return n + 1;
}
COHORT_JOB(newest);

namespace {

bool is_skipped() {
    if (!support::rabbitmq_url().empty()) return false;
    std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";
    return true;
}

std::string url() {
    return support::rabbitmq_url() + "?namespace=" + cohort::random_id();
}

// A service with connections and a list of its own, as a program has that is started again.
class Service {
public:
    Service(std::string const& broker, std::string const& list)
        : clients{std::make_shared<Clients>(cohort::open_broker(list))},
          worker_{cohort::open_broker(broker), service_options("prices")} {
        worker_.add<price>();
        worker_.add<slow_price>();
        serve(worker_, clients);
        running_.emplace(worker_);
    }
    std::shared_ptr<Clients> const clients;

private:
    cohort::Worker worker_;
    std::optional<cohort::BackgroundWorker> running_;
};

awaitable<Message> reply_to(cohort::Client& client, std::string id) {
    cohort::JobRef const ref{"client-service", id};
    cohort::Ending const ending = co_await client.find(ref).ending(20s);
    co_return reply_of("shop", ref, ending);
}

Message by_shop(std::string name, std::string arguments) {
    return task("shop", "service-client.shop", std::move(name), std::move(arguments));
}

// By hand, and the reply to it.
awaitable<Message> push(cohort::Client& client, Message message) {
    std::string const id = message.metadata.id;
    cohort::rabbitmq::RawMessage raw = assemble(message);
    co_await cohort::rabbitmq::publish(client.broker(), "client-service", std::move(raw));
    Message const reply = co_await reply_to(client, id);
    CHECK(reply.metadata.id == id);
    co_return reply;
}

void check_error(Message const& reply, ErrorCode code) {
    CAPTURE(reply.arguments);
    CHECK(reply.metadata.type == MessageType::error);
    CHECK(reply.metadata.status == static_cast<int>(code));
}

awaitable<void> by_hand(std::string broker, std::string list) {
    cohort::Client client{broker, client_options("shop")};
    std::optional<Service> service;
    service.emplace(broker, list);
    Message ask_early = by_shop("godx_test.price", "[2]");
    Message const early = co_await push(client, std::move(ask_early));
    check_error(early, ErrorCode::unregistered_client);

    Message begin = initialization("shop", "service-client.shop");
    Message const begun = co_await push(client, std::move(begin));
    CHECK(begun.metadata.type == MessageType::info);
    CHECK(begun.metadata.status == static_cast<int>(InfoStatus::ok));
    Message ask_total = by_shop("godx_test.price", "[2]");
    Message const total = co_await push(client, std::move(ask_total));
    CHECK(total.metadata.type == MessageType::info);
    CHECK(total.metadata.client == "shop");
    CHECK(total.content<int>() == 6);

    // Each error, by hand.
    Message wrong = initialization("shop", "service-client.shop");
    wrong.arguments = "[7]";
    Message const bad = co_await push(client, std::move(wrong));
    check_error(bad, ErrorCode::bad_initialization);
    Message info_for_service = by_shop("succeeded", "[]");
    Message const type = co_await push(client, std::move(info_for_service));
    check_error(type, ErrorCode::incorrect_type);
    Message ask_invalid = by_shop("godx_test.price", R"(["two"])");
    Message const invalid = co_await push(client, std::move(ask_invalid));
    check_error(invalid, ErrorCode::invalid_task);
    Message ask_thrown = by_shop("godx_test.price", "[-1]");
    Message const thrown = co_await push(client, std::move(ask_thrown));
    check_error(thrown, ErrorCode::error_in_task);
    CHECK(thrown.content<std::string>() == "less than nothing");
    cohort::rabbitmq::RawMessage limited = assemble(by_shop("godx_test.slow_price", "[1]"));
    limited.headers["timeout"] = std::int64_t{300'000};
    std::string const id = limited.id;
    co_await cohort::rabbitmq::publish(client.broker(), "client-service", std::move(limited));
    Message const late = co_await reply_to(client, id);
    check_error(late, ErrorCode::task_timeout);

    // What is no message at all harms nobody.
    cohort::rabbitmq::RawMessage nothing;
    nothing.id = "nothing";
    nothing.reply_to = "service-client.shop";
    nothing.body = "\xff\x00 no JSON";
    cohort::rabbitmq::RawMessage half = nothing;
    half.id = "half";
    half.type = "godx_test.price";
    half.headers["sender"] = std::string{"shop"};
    co_await cohort::rabbitmq::publish(client.broker(), "client-service", std::move(nothing));
    co_await cohort::rabbitmq::publish(client.broker(), "client-service", std::move(half));
    Message const no_type = co_await reply_to(client, "nothing");
    check_error(no_type, ErrorCode::invalid_task);
    Message const no_json = co_await reply_to(client, "half");
    check_error(no_json, ErrorCode::invalid_task);

    // The service is started again, and knows its clients; until one is removed.
    service.reset();
    auto const waiting = co_await client.enqueue_job<price>(5);
    auto const orphan = co_await client.enqueue_job<price>({.delay = 5s}, 6);
    service.emplace(broker, list);
    int const fifteen = co_await waiting.result(20s);
    CHECK(fifteen == 15);
    co_await service->clients->remove("shop");
    cohort::Ending const ending = co_await orphan.ending(20s);
    CHECK(is_orphan(ending));
}

awaitable<void> client_registers(std::string broker, std::string list) {
    Service const service{broker, list};
    cohort::Client client{broker, client_options("till")};
    co_await initialize(client, 20s);
    auto const job = co_await client.enqueue_job<price>(7);
    int const total = co_await job.result(20s);
    CHECK(total == 21);

    // What is delayed is not late.
    co_await initialize(client, 20s, false);
    auto const delayed = co_await client.enqueue_job<price>({.delay = 2s}, 5);
    int const later = co_await delayed.result(20s);
    CHECK(later == 15);
}

using Clock = std::chrono::steady_clock;

// Sent by hand: its delay and its lifetime are headers.
awaitable<void> push_deferred(cohort::Client& client, Message message, cohort::Duration delay,
                              cohort::Duration lifetime) {
    cohort::rabbitmq::RawMessage raw = assemble(message);
    raw.headers["delay"] = delay / 1us;
    raw.headers["timeout"] = lifetime / 1us;
    co_await cohort::rabbitmq::publish(client.broker(), "client-service", std::move(raw));
}

awaitable<void> by_hand_later(std::string broker, std::string list) {
    Service const service{broker, list};
    cohort::Client client{broker, client_options("shop")};
    co_await initialize(client, 20s);
    Message const quick = by_shop("godx_test.price", "[4]");
    Message const slow = by_shop("godx_test.slow_price", "[4]");
    cohort::Duration const delay = 1500ms;
    cohort::Duration const lifetime = 300ms;
    auto const begun = Clock::now();
    co_await push_deferred(client, quick, delay, lifetime);
    co_await push_deferred(client, slow, delay, lifetime);
    Message const total = co_await reply_to(client, quick.metadata.id);
    CHECK(Clock::now() - begun >= delay);
    CHECK(total.content<int>() == 12);
    // Its lifetime begins behind the delay.
    Message const late = co_await reply_to(client, slow.metadata.id);
    CHECK(Clock::now() - begun >= delay + lifetime);
    check_error(late, ErrorCode::task_timeout);
}

awaitable<void> service_is_away(std::string broker, std::string list) {
    std::optional<Service> service;
    service.emplace(broker, list);
    cohort::Client client{broker, client_options("shop")};
    co_await initialize(client, 20s);
    auto const begun = Clock::now();
    auto const soon = co_await client.enqueue_job<price>({.delay = 1s}, 3);
    auto const later = co_await client.enqueue_job<price>({.delay = 6s}, 4);
    Message const by_message = by_shop("godx_test.price", "[5]");
    co_await push_deferred(client, by_message, 6s, 3s);
    service.reset();
    // One falls due while nobody is there.
    bool const is_done = co_await soon.wait(2s);
    CHECK_FALSE(is_done);
    service.emplace(broker, list);
    int const nine = co_await soon.result(20s);
    CHECK(nine == 9);
    CHECK(Clock::now() - begun < 6s);
    int const twelve = co_await later.result(20s);
    CHECK(twelve == 12);
    CHECK(Clock::now() - begun >= 6s);
    Message const fifteen = co_await reply_to(client, by_message.metadata.id);
    CHECK(fifteen.content<int>() == 15);
}

support::Process start_worker(support::TempDir const& dir, std::string const& broker,
                              std::string const& log) {
    std::vector<std::string> const command{support::program("e2e_worker"),
                                           "--broker",
                                           broker,
                                           "--concurrency",
                                           "8",
                                           "--lease",
                                           "2s",
                                           "--upkeep",
                                           "500ms"};
    return support::Process{command, dir.file(log)};
}

std::string text_of(std::string const& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

awaitable<void> service_is_killed(support::TempDir const& dir, std::string broker) {
    cohort::Client client{broker};
    auto const nobodys = co_await client.enqueue_named("godx_test.newest", "[41]");
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < 100; ++n)
        calls.emplace_back(n, 300);
    auto const jobs = co_await client.enqueue_jobs<e2e::twice>(calls);
    {
        auto const worker = start_worker(dir, broker, "first.log");
        cohort::AsCompleted done{jobs};
        for (int ended = 0; ended < 20; ++ended)
            co_await done.next(30s);
        // Some wait, and the next ones have been taken.
        co_await cohort::sleep_for(100ms);
        worker.signal(SIGKILL);
    }
    auto const worker = start_worker(dir, broker, "second.log");
    auto const outcomes = co_await cohort::wait_all(jobs, 60s);
    int again = 0;
    for (int n = 0; n < 100; ++n) {
        auto const& outcome = outcomes[static_cast<std::size_t>(n)];
        CHECK(outcome.value == 2 * n);
        if (outcome.attempt > 1) ++again;
    }
    CHECK(again > 0);
    // What they did not know was kept, and said.
    std::string const log = text_of(dir.file("first.log")) + text_of(dir.file("second.log"));
    CHECK(log.find("no job function \"godx_test.newest\"") != std::string::npos);
    cohort::Worker knows{cohort::open_broker(broker)};
    knows.add<newest>();
    cohort::BackgroundWorker const running{knows};
    auto const value = co_await nobodys.result(30s);
    CHECK(value.str() == "42");
}

}  // namespace

TEST_CASE("on RabbitMQ, messages by hand are answered, each error with its code, and a registration outlives "
          "a restart",
          "[rabbitmq][S36][S37][S38][S39][S23][S27][timeout:120]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(by_hand(url(), "sqlite:" + dir.file("clients.db")));
}

TEST_CASE("on RabbitMQ, a client registers with a service and is served", "[rabbitmq][S38]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(client_registers(url(), "sqlite:" + dir.file("clients.db")));
}

TEST_CASE("on RabbitMQ, a message by hand starts behind its delay, and is stopped at the end of its lifetime",
          "[rabbitmq][S14][S16][S23]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(by_hand_later(url(), "sqlite:" + dir.file("clients.db")));
}

TEST_CASE(
    "on RabbitMQ, what is deferred outlives its service, and is run by the next one when its time has come",
    "[rabbitmq][S14][S38]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(service_is_away(url(), "sqlite:" + dir.file("clients.db")));
}

TEST_CASE(
    "on RabbitMQ, waiting and working jobs of a killed service run again, and unknown ones are kept and told",
    "[rabbitmq][S03][S39][timeout:120]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(service_is_killed(dir, url()));
}

TEST_CASE(
    "in a file, waiting and working jobs of a killed service run again, and unknown ones are kept and told",
    "[S03][S39][timeout:120]") {
    support::TempDir const dir;
    cohort::run(service_is_killed(dir, "sqlite:" + dir.file("jobs.db")));
}

}  // namespace godx_test
