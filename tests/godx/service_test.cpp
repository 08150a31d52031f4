// SPDX-License-Identifier: MIT
// Clients that register with services, and those that do not.
#include "worker/rig.hpp"

#include <cohort/godx.hpp>
#include <cohort/inspector.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>

namespace service_test {

using namespace cohort;
using namespace cohort::godx;
using support::Rig;

int price(int pieces) {
    if (pieces < 0) throw std::runtime_error{"less than nothing"};
    return 3 * pieces;
}
COHORT_JOB(price);
awaitable<int> slow_price(int pieces) {
    co_await sleep_for(1h);
    co_return pieces;
}
COHORT_JOB(slow_price);

namespace {

Worker& start_service(Rig& rig, std::shared_ptr<Clients> const& clients, WorkerOptions options) {
    return rig.start(std::move(options), [&](Worker& worker) {
        worker.add<price>();
        worker.add<slow_price>();
        serve(worker, clients);
    });
}

awaitable<ErrorCode> code_of_refusal(Client& client, Duration timeout) {
    auto code = ErrorCode::error_in_task;
    try {
        co_await initialize(client, timeout);
    } catch (Refused const& refused) {
        code = refused.code();
    }
    co_return code;
}

awaitable<void> registers(Rig& rig) {
    auto const clients = std::make_shared<Clients>(rig.broker);
    start_service(rig, clients, service_options("prices"));
    auto const store = std::make_shared<Clients>(rig.broker);
    Client client{rig.loop.executor(), rig.broker, client_options("shop")};

    auto const early = co_await client.enqueue_job<price>(2);
    Ending const refused = co_await early.ending(1min);
    CHECK(refused.state == JobState::failed);
    CHECK(code_of(refused) == ErrorCode::unregistered_client);
    CHECK_FALSE(is_orphan(refused));

    co_await initialize(client, 1min);
    auto const known = co_await store->find("shop");
    CHECK(known.standing == Clients::Standing::registered);
    CHECK(known.enable_overdue);
    auto const job = co_await client.enqueue_job<price>(2);
    int const total = co_await job.result(1min);
    CHECK(total == 6);

    // Again, with another mind.
    co_await initialize(client, 1min, false);
    auto const changed = co_await store->find("shop");
    CHECK(changed.standing == Clients::Standing::registered);
    CHECK_FALSE(changed.enable_overdue);
}

awaitable<void> orphans(Rig& rig) {
    auto const clients = std::make_shared<Clients>(rig.broker);
    start_service(rig, clients, service_options("prices"));
    Client client{rig.loop.executor(), rig.broker, client_options("shop")};
    co_await initialize(client, 1min);
    auto const job = co_await client.enqueue_job<price>({.delay = 10min}, 2);
    auto const before = co_await client.enqueue_job<price>({.delay = 1min}, 3);
    int const in_time = co_await before.result(5min);
    CHECK(in_time == 9);
    co_await clients->remove("shop");
    Ending const ending = co_await job.ending(1h);
    CHECK(is_orphan(ending));
    CHECK(code_of(ending) == ErrorCode::unregistered_client);
    auto const gone = co_await clients->find("shop");
    CHECK(gone.standing == Clients::Standing::removed);
    // It may come back.
    co_await initialize(client, 1min);
    auto const after = co_await client.enqueue_job<price>(4);
    int const total = co_await after.result(1min);
    CHECK(total == 12);
}

awaitable<void> errors(Rig& rig) {
    auto const clients = std::make_shared<Clients>(rig.broker);
    WorkerOptions options = service_options("prices");
    options.unknown_job = 0s;
    start_service(rig, clients, std::move(options));
    Client client{rig.loop.executor(), rig.broker, client_options("shop")};
    co_await initialize(client, 1min);

    auto const begun = co_await client.enqueue_named("godx.initialization", "[7]");
    Ending const bad = co_await begun.ending(1min);
    CHECK(code_of(bad) == ErrorCode::bad_initialization);
    Client nameless{
        rig.loop.executor(), rig.broker, {.name = "a name with blanks", .queue = "client-service"}};
    auto const code = co_await code_of_refusal(nameless, 1min);
    CHECK(code == ErrorCode::bad_initialization);

    auto const reply = co_await client.enqueue_named("succeeded", "[]");
    Ending const type = co_await reply.ending(1min);
    CHECK(code_of(type) == ErrorCode::incorrect_type);
    auto const other = co_await client.enqueue_named("failed", "[]");
    Ending const other_type = co_await other.ending(1min);
    CHECK(code_of(other_type) == ErrorCode::incorrect_type);

    auto const stranger = co_await nameless.enqueue_job<price>(1);
    Ending const strange = co_await stranger.ending(1min);
    CHECK(code_of(strange) == ErrorCode::unregistered_client);

    auto const wrong = co_await client.enqueue_named("service_test.price", R"(["two"])");
    Ending const invalid = co_await wrong.ending(1min);
    CHECK(code_of(invalid) == ErrorCode::invalid_task);
    auto const nobodys = co_await client.enqueue_named("service_test.nothing", "[]");
    Ending const unknown = co_await nobodys.ending(1min);
    CHECK(code_of(unknown) == ErrorCode::invalid_task);

    auto const negative = co_await client.enqueue_job<price>(-1);
    Ending const thrown = co_await negative.ending(1min);
    CHECK(code_of(thrown) == ErrorCode::error_in_task);
    CHECK(thrown.error == "less than nothing");

    auto const begun_at = rig.now();
    auto const slow = co_await client.enqueue_job<slow_price>(1);
    Ending const late = co_await slow.ending(1min);
    CHECK(code_of(late) == ErrorCode::task_timeout);
    CHECK(rig.now() - begun_at >= 3s);
    CHECK(rig.now() - begun_at < 4s);
}

awaitable<void> overdue(Rig& rig) {
    auto const clients = std::make_shared<Clients>(rig.broker);
    co_await clients->add("shop");
    co_await clients->add("stock", false);
    Client patient{rig.loop.executor(), rig.broker, client_options("shop")};
    Client strict{rig.loop.executor(), rig.broker, client_options("stock", false)};
    auto const late = co_await patient.enqueue_job<price>({.delay = 10s}, 1);
    auto const never = co_await strict.enqueue_job<price>({.delay = 10s}, 1);
    co_await sleep_for(1min);
    start_service(rig, clients, service_options("prices"));
    int const total = co_await late.result(1min);
    CHECK(total == 3);
    auto const outcome = co_await never.outcome(1min);
    CHECK(outcome.state == JobState::expired);
    Ending const ending = co_await never.ending(1min);
    CHECK(is_overdue(ending));
}

awaitable<void> deferred(Rig& rig) {
    auto const clients = std::make_shared<Clients>(rig.broker);
    co_await clients->add("shop");
    Client client{rig.loop.executor(), rig.broker, client_options("shop")};
    auto& first = start_service(rig, clients, service_options("prices"));
    auto const begun = rig.now();
    auto const job = co_await client.enqueue_job<price>({.delay = 10min}, 2);
    auto const slow = co_await client.enqueue_job<slow_price>({.delay = 10min}, 2);
    co_await sleep_for(1min);
    first.stop();
    co_await sleep_for(1min);
    start_service(rig, clients, service_options("prices"));
    int const six = co_await job.result(1h);
    CHECK(six == 6);
    CHECK(rig.now() - begun >= 10min);
    CHECK(rig.now() - begun < 11min);
    // Its lifetime begins behind the delay.
    Ending const late = co_await slow.ending(1h);
    CHECK(code_of(late) == ErrorCode::task_timeout);
    CHECK(rig.now() - begun >= 10min + 3s);
}

// What it said when it registered is all that the service has.
awaitable<void> overdue_by_registration(Rig& rig) {
    auto const clients = std::make_shared<Clients>(rig.broker);
    auto const options = [](std::string name) {
        return ClientOptions{.name = std::move(name), .queue = "client-service"};
    };
    Client patient{rig.loop.executor(), rig.broker, options("shop")};
    Client strict{rig.loop.executor(), rig.broker, options("stock")};
    auto& first = start_service(rig, clients, service_options("prices"));
    co_await initialize(patient, 1min);
    co_await initialize(strict, 1min, false);
    auto const in_time = co_await strict.enqueue_job<price>({.delay = 10s}, 2);
    int const six = co_await in_time.result(1min);
    CHECK(six == 6);
    first.stop();
    co_await sleep_for(1min);

    auto const late = co_await patient.enqueue_job<price>({.delay = 10s}, 1);
    auto const never = co_await strict.enqueue_job<price>({.delay = 10s}, 1);
    auto const waits = co_await strict.enqueue_job<price>({.delay = 2min}, 3);
    co_await sleep_for(1min);
    start_service(rig, clients, service_options("prices"));
    int const three = co_await late.result(1min);
    CHECK(three == 3);
    Ending const ending = co_await never.ending(1min);
    CHECK(is_overdue(ending));
    CHECK(ending.attempt == 1);
    int const nine = co_await waits.result(5min);
    CHECK(nine == 9);
}

}  // namespace

TEST_CASE("a client that has not registered is refused, and served once it has", "[S38]") {
    Rig rig;
    rig.run(registers(rig));
}

TEST_CASE("jobs of a client that is not known any more end as orphans", "[S39]") {
    Rig rig;
    rig.run(orphans(rig));
}

TEST_CASE("each error of a service can be provoked, and comes back with its code", "[S36]") {
    Rig rig;
    rig.run(errors(rig));
}

TEST_CASE("a client says when it registers whether what is overdue is run", "[S11][S09]") {
    Rig rig;
    rig.run(overdue(rig));
}

TEST_CASE("a deferred job is run by the service that is there when its time has come", "[S14][S39]") {
    Rig rig;
    rig.run(deferred(rig));
}

TEST_CASE("what a client said when it registered of what is overdue is honoured by the service", "[S11]") {
    Rig rig;
    rig.run(overdue_by_registration(rig));
}

}  // namespace service_test
