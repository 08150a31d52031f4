// SPDX-License-Identifier: MIT
// A RabbitMQ server that is away for long, and one that comes and goes. Each case has a server of its own.
// The wall clock is meant: it is the server's.
#include "e2e/rabbitmq_scene.hpp"
#include "faults/usage.hpp"

#include <cohort/log.hpp>
#include <cohort/run.hpp>

#include <atomic>
#include <random>

namespace rabbitmq_away_test {

using namespace rabbitmq_scene;
using e2e::twice;
using faults::Usage;
using faults::usage_of;

namespace {

// A sanitizer keeps what was freed.
constexpr bool can_weigh = support::slowness == 1;

// What this process logs, counted.
class LogLines {
public:
    LogLines() {
        cohort::set_log_sink([this](cohort::LogLevel, std::string_view) { ++count_; });
    }
    ~LogLines() { cohort::set_log_sink({}); }
    LogLines(LogLines const&) = delete;
    LogLines& operator=(LogLines const&) = delete;

    int count() const { return count_; }

private:
    std::atomic<int> count_ = 0;
};

// What this process holds has not grown since, but by what is made when it is first needed.
void check_flat(pid_t pid, Usage const& before) {
    auto const now = usage_of(std::to_string(pid));
    if (can_weigh) CHECK(now.kilobytes < before.kilobytes + 8 * 1024);
    CHECK(now.descriptors <= before.descriptors + 4);
    CHECK(now.threads <= before.threads + 2);
}

struct Before {
    pid_t pid = 0;
    Usage usage;
};

std::vector<Before> usages(Both const& both) {
    std::vector<Before> all{{getpid(), usage_of()}};
    for (Side const& side : both.sides) {
        for (auto const& worker : side.crew.workers)
            all.push_back({worker.pid(), usage_of(std::to_string(worker.pid()))});
    }
    return all;
}

// One outage is told in so many lines by one process, however long it is.
constexpr std::size_t most_lines = 12;

cohort::awaitable<void> stay_away(support::RabbitServer& server, cohort::Duration outage) {
    LogLines const lines;
    Both both{server.url(), 2, 10};
    co_await both.settle_in();
    co_await both.push(50);
    // Some jobs run when the server goes.
    std::deque<Load> running;
    for (Side& side : both.sides) {
        co_await side.load.collect();
        Load& longer = running.emplace_back(side.client, 2000);
        co_await longer.push(6);
        side.load.longest = {};
    }
    co_await cohort::sleep_for(300ms);
    auto const before = usages(both);
    server.kill();
    Side& plain = both.sides.front();
    Side& stored = both.sides.back();
    auto const confirmed = plain.load.jobs.size();
    auto const end = Clock::now() + outage;
    while (Clock::now() < end) {
        co_await both.push(1);
        co_await cohort::sleep_for(100ms);
    }
    // Without a store each is refused in time; with one, none is, and they have run.
    CHECK(plain.load.jobs.size() == confirmed);
    CHECK(plain.load.code == cohort::errc::unavailable);
    CHECK(stored.load.refused == 0);
    co_await stored.load.collect();
    for (Side& side : both.sides) {
        INFO(side.name << ":\n" << side.crew.said());
        CHECK(side.load.longest < 1s + 500ms * support::slowness);
        CHECK(lines_of(side.crew.said()) <= 2 * most_lines);
    }
    CHECK(lines.count() <= 2 * static_cast<int>(most_lines));
    for (auto const& [pid, usage] : before)
        check_flat(pid, usage);

    server.revive();
    co_await both.check_works();
    for (Load& load : running)
        co_await load.collect();
    check_one_each(server, both);
    for (auto const& [pid, usage] : before)
        check_flat(pid, usage);
}

// Each worker has one connection of a kind at most; this process is two clients.
bool has_too_many(support::RabbitServer const& server) {
    std::string const all = server.ctl("-q list_connections client_properties");
    auto const own = "\"cohort-" + std::to_string(getpid()) + ":";
    std::map<std::string, int> counts;
    for (auto at = all.find("\"cohort-"); at != all.npos; at = all.find("\"cohort-", at + 1))
        ++counts[all.substr(at, all.find('"', at + 1) - at)];
    CHECK(counts.size() > 4);
    return std::ranges::any_of(
        counts, [&](auto const& entry) { return entry.second > (entry.first.starts_with(own) ? 2 : 1); });
}

cohort::awaitable<void> come_and_go(support::RabbitServer& server, int times) {
    std::random_device random;
    Both both{server.url(), 2, 10};
    co_await both.settle_in();
    co_await both.push(20);
    for (Side& side : both.sides)
        co_await side.load.collect();
    check_one_each(server, both);
    for (int i = 0; i < times; ++i) {
        co_await both.push(10);
        server.kill();
        co_await both.push(1);
        auto const gap = std::chrono::milliseconds{random() % 500};
        co_await cohort::sleep_for(gap);
        server.revive();
        auto const moment = std::chrono::milliseconds{random() % 500};
        co_await cohort::sleep_for(moment);
    }
    co_await both.check_works();
    CHECK(both.sides.back().load.refused == 0);
    check_one_each(server, both);
    CHECK_FALSE(has_too_many(server));
}

}  // namespace

TEST_CASE("on RabbitMQ, the server is away for some seconds under load: each call says so in time, and "
          "nothing grows",
          "[rabbitmq][F41][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(stay_away(server, 6s));
}

TEST_CASE(
    "on RabbitMQ, the server is away for a minute under load: each call says so in time, and nothing grows",
    "[rabbitmq][F41][.nightly][heavy][timeout:300]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(stay_away(server, 60s));
}

TEST_CASE("on RabbitMQ, the server dies and comes back three times: no job is lost, and each worker has one "
          "consumer",
          "[rabbitmq][F42][heavy][timeout:300]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(come_and_go(server, 3));
}

TEST_CASE("on RabbitMQ, the server dies and comes back twenty times: no job is lost, and each worker has one "
          "consumer",
          "[rabbitmq][F42][.nightly][heavy][timeout:900]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(come_and_go(server, 20));
}

}  // namespace rabbitmq_away_test
