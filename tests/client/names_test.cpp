// SPDX-License-Identifier: MIT
// Who is who: names of clients and workers in records, lists and the log, and addresses for replies.
#include "worker/rig.hpp"

#include <cohort/inspector.hpp>
#include <cohort/log.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace names_test {

using cohort::awaitable;
using cohort::errc;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

int echo(int number) {
    return number;
}
COHORT_JOB(echo);

namespace {

// What is logged while it lives.
class Lines {
public:
    explicit Lines(cohort::LogLevel level) {
        cohort::set_log_level(level);
        cohort::set_log_sink([this](cohort::LogLevel, std::string_view line) { all.emplace_back(line); });
    }
    ~Lines() {
        cohort::set_log_sink({});
        cohort::set_log_level(cohort::LogLevel::warn);
    }
    Lines(Lines const&) = delete;
    Lines& operator=(Lines const&) = delete;

    bool has(std::string const& a, std::string const& b) const {
        return std::any_of(all.begin(), all.end(), [&](auto const& line) {
            return line.find(a) != std::string::npos && line.find(b) != std::string::npos;
        });
    }
    std::vector<std::string> all;
};

awaitable<void> two_of_one_name(Rig& rig) {
    cohort::ClientOptions const options{.name = "shop"};
    cohort::Client one{rig.loop.executor(), rig.broker, options};
    cohort::Client other{rig.loop.executor(), rig.broker, options};
    auto const first = co_await one.enqueue_job<echo>(1);
    auto const second = co_await other.enqueue_job<echo>(2);
    cohort::ListParams params;
    params.queue = "default";
    auto const page = co_await rig.broker->inspector()->list(std::move(params));
    REQUIRE(page.jobs.size() == 2);
    for (auto const& job : page.jobs)
        CHECK(job.sender.starts_with("shop@"));
    // Each is told of its own jobs and of no others.
    CHECK(page.jobs[0].client != page.jobs[1].client);
    rig.start<echo>();
    int const a = co_await first.result(1min);
    int const b = co_await second.result(1min);
    CHECK(a == 1);
    CHECK(b == 2);
}

awaitable<void> address_of_ones_own(Rig& rig) {
    cohort::Client client{rig.loop.executor(), rig.broker, {.reply_to = "service-client"}};
    auto const job = co_await client.enqueue_job<echo>(1);
    auto const record = co_await job.status();
    CHECK(record->client == "service-client");
    rig.start<echo>();
    int const number = co_await job.result(1min);
    CHECK(number == 1);
}

awaitable<void> listed(Rig& rig) {
    rig.start<echo>({.name = "prices"});
    rig.start<echo>({.name = "stock", .queues = {"other"}});
    co_await cohort::sleep_for(1s);
    auto const workers = co_await rig.broker->inspector()->workers();
    REQUIRE(workers.size() == 2);
    CHECK(std::count_if(workers.begin(), workers.end(),
                        [](auto const& one) { return one.name == "prices"; }) == 1);
    CHECK(std::count_if(workers.begin(), workers.end(),
                        [](auto const& one) { return one.name == "stock"; }) == 1);
}

awaitable<void> own_ids(Rig& rig) {
    // Both count from the same number, as two programs would that have just begun.
    rig.start<echo>({.name = "a", .concurrency = 1, .ids = cohort::autoincrement(41)});
    rig.start<echo>({.name = "b", .concurrency = 1, .ids = cohort::autoincrement(41)});
    cohort::IdGenerator const with_colons = cohort::urn();
    rig.start<echo>({.name = "c", .concurrency = 1, .ids = with_colons});
    co_await cohort::sleep_for(1s);
    auto const workers = co_await rig.broker->inspector()->workers();
    REQUIRE(workers.size() == 3);
    std::vector<std::string> lives;
    for (auto const& one : workers) {
        CHECK(one.incarnation.starts_with(one.name == "c" ? "urn-uuid-" : "42."));
        lives.push_back(one.incarnation);
    }
    std::sort(lives.begin(), lives.end());
    CHECK(std::adjacent_find(lives.begin(), lives.end()) == lives.end());
    cohort::Client client{rig.loop.executor(), rig.broker, {.ids = cohort::autoincrement(6)}};
    for (int i = 0; i < 9; ++i) {
        auto const job = co_await client.enqueue_job<echo>(i);
        CHECK(job.id() == std::to_string(7 + i));
        int const number = co_await job.result(1min);
        CHECK(number == i);
    }
}

awaitable<void> named_in_the_log(Rig& rig) {
    Lines const lines{cohort::LogLevel::debug};
    cohort::Client client{rig.loop.executor(), rig.broker, {.name = "shop"}};
    rig.start<echo>({.name = "prices"});
    auto const job = co_await client.enqueue_job<echo>(1);
    int const number = co_await job.result(1min);
    CHECK(number == 1);
    auto const unknown = co_await client.enqueue_named("nobodys.job", "[]");
    co_await unknown.wait(1s);
    CHECK(lines.has("push of 1 (queue default)", ", for client shop"));
    CHECK(lines.has("claim of ", ", for worker prices"));
    CHECK(lines.has("worker prices: no job function", "nobodys.job"));
    CHECK_FALSE(lines.has("push of 1", ", for worker prices"));
}

awaitable<void> silent(Rig& rig) {
    Lines lines{cohort::LogLevel::warn};
    rig.start<echo>();
    auto const job = co_await rig.client.enqueue_job<echo>(1);
    co_await job.result(1min);
    CHECK(lines.all.empty());  // all was well
    cohort::set_log_level(cohort::LogLevel::off);
    auto const unknown = co_await rig.client.enqueue_named("nobodys.job", "[]");
    co_await unknown.wait(1s);
    CHECK(lines.all.empty());
}

awaitable<void> fell_due_while_nobody_worked(Rig& rig) {
    cohort::Client patient{rig.loop.executor(), rig.broker};
    cohort::Client strict{rig.loop.executor(), rig.broker, {.overdue = 1s}};
    auto const late = co_await patient.enqueue_job<echo>({.delay = 10s}, 1);
    auto const overdue = co_await strict.enqueue_job<echo>({.delay = 10s}, 2);
    auto const by_call = co_await strict.enqueue_job<echo>({.delay = 10s, .expires = 1h}, 3);
    auto const in_future = co_await strict.enqueue_job<echo>({.delay = 2min}, 4);
    co_await cohort::sleep_for(1min);
    rig.start<echo>({.upkeep = 1s});
    int const one = co_await late.result(1min);
    CHECK(one == 1);
    auto const outcome = co_await overdue.outcome(1min);
    CHECK(outcome.state == JobState::expired);
    CHECK_FALSE(outcome.has_value());
    auto const record = co_await overdue.status();
    CHECK(record->counters.attempt == 0);
    int const three = co_await by_call.result(1min);
    CHECK(three == 3);
    int const four = co_await in_future.result(5min);
    CHECK(four == 4);
}

errc refused(Rig& rig, cohort::ClientOptions options) {
    try {
        cohort::Client const client{rig.loop.executor(), rig.broker, std::move(options)};
    } catch (cohort::Error const& error) {
        return error.which();
    }
    return errc::ok;
}

}  // namespace

TEST_CASE("two clients of one name are listed by it, and kept apart", "[S05]") {
    Rig rig;
    rig.run(two_of_one_name(rig));
}

TEST_CASE("a client may choose the address under which it is told of its jobs", "[S01]") {
    Rig rig;
    rig.run(address_of_ones_own(rig));
    CHECK(refused(rig, {.reply_to = "no good name"}) == errc::invalid_queue_name);
}

TEST_CASE("workers are listed by their names", "[S28]") {
    Rig rig;
    rig.run(listed(rig));
}

TEST_CASE("clients and workers may use ids of the program's making, and no life is ever called like another",
          "[S31][S08]") {
    Rig rig;
    rig.run(own_ids(rig));
}

TEST_CASE("log records say which client and which worker they are about", "[S06][S29]") {
    Rig rig;
    rig.run(named_in_the_log(rig));
}

TEST_CASE("without a logger nothing is said when all is well, and level off says nothing at all", "[S12]") {
    Rig rig;
    rig.run(silent(rig));
}

TEST_CASE(
    "a job that fell due while no worker ran is run late, or has expired and never runs, as its client says",
    "[S11]") {
    Rig rig;
    rig.run(fell_due_while_nobody_worked(rig));
    CHECK(refused(rig, {.overdue = 0s}) == errc::invalid_expiry);
}

}  // namespace names_test
