// SPDX-License-Identifier: MIT
// All stand still at once, and all that may happen happens, two at a time. Each case has a RabbitMQ server of
// its own. The wall clock is meant: it is the server's.
#include "e2e/rabbitmq_scene.hpp"

#include <cohort/run.hpp>

#include <csignal>
#include <random>

namespace rabbitmq_nemesis_test {

using namespace rabbitmq_scene;
using e2e::twice;

namespace {

std::vector<std::string> const short_leases{"--lease", "2s", "--upkeep", "500ms"};

void signal_all(Both& both, int number) {
    for (Side& side : both.sides) {
        for (auto const& worker : side.crew.workers)
            worker.signal(number);
    }
}

// F80: a machine that sleeps for ten leases, and its server with it.
cohort::awaitable<void> all_sleep(support::RabbitServer& server) {
    Both both{server.url(), 2, 4000, "?timeout=1s&heartbeat=2s", short_leases};
    co_await both.settle_in();
    co_await both.push(8);
    co_await cohort::sleep_for(1500ms);
    signal_all(both, SIGSTOP);
    server.freeze();
    co_await cohort::sleep_for(20s);
    server.thaw();
    signal_all(both, SIGCONT);
    for (Side& side : both.sides) {
        INFO(side.name);
        co_await side.load.collect();
        for (auto const& job : side.load.jobs) {
            auto const ending = co_await job.ending(1s);
            // Nobody has been buried; where jobs are messages, they went back with their connections.
            CHECK(ending.attempt <= (side.has_store() ? 1u : 2u));
        }
    }
    co_await both.check_works();
    check_one_each(server, both);
}

enum class ToServer : std::uint8_t { nothing, frozen, killed, cut, short_of_memory };
enum class ToWorker : std::uint8_t { killed, stopped, asleep };

void disturb(support::RabbitServer& server, ToServer deed) {
    if (deed == ToServer::cut) server.ctl("-q close_all_connections cut_by_the_test");
    if (deed == ToServer::short_of_memory) server.ctl("-q set_vm_memory_high_watermark 0");
    if (deed == ToServer::frozen) server.freeze();
    if (deed == ToServer::killed) server.kill();
}

void calm(support::RabbitServer& server, ToServer deed) {
    if (deed == ToServer::short_of_memory) server.ctl("-q set_vm_memory_high_watermark 0.4");
    if (deed == ToServer::frozen) server.thaw();
    if (deed == ToServer::killed) server.revive();
}

// The oldest one.
void disturb(Crew& crew, ToWorker deed) {
    auto& victim = crew.workers.front();
    if (deed == ToWorker::killed) victim.signal(SIGKILL);
    if (deed == ToWorker::stopped) victim.signal(SIGTERM);
    if (deed == ToWorker::asleep) victim.signal(SIGSTOP);
}

void calm(Crew& crew, ToWorker deed) {
    if (deed == ToWorker::asleep) {
        crew.workers.front().signal(SIGCONT);
        return;
    }
    CHECK(crew.workers.front().wait(30'000) == (deed == ToWorker::killed ? 128 + SIGKILL : 0));
    crew.workers.pop_front();
    crew.add();
}

// F92.
cohort::awaitable<void> soak(support::RabbitServer& server, cohort::Duration span) {
    auto const seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    Both both{server.url(), 3, 30, "?timeout=1s&heartbeat=2s", short_leases};
    co_await both.settle_in();
    int rounds = 0;
    for (auto const end = Clock::now() + span; Clock::now() < end; ++rounds) {
        auto const to_server = static_cast<ToServer>(random() % 5);
        auto const to_worker = static_cast<ToWorker>(random() % 3);
        Side& side = both.sides[random() % 2];
        CAPTURE(rounds, static_cast<int>(to_server), static_cast<int>(to_worker), side.name);
        co_await both.push(40);
        disturb(side.crew, to_worker);
        disturb(server, to_server);
        co_await both.push(2);
        auto const moment = std::chrono::milliseconds{1000 + random() % 2000};
        co_await cohort::sleep_for(moment);
        calm(server, to_server);
        calm(side.crew, to_worker);
    }
    co_await both.check_works();
    check_one_each(server, both);
    for (Side& side : both.sides) {
        std::map<std::uint32_t, int> attempts;
        for (auto const& job : side.load.jobs) {
            auto const ending = co_await job.ending(1s);
            ++attempts[ending.attempt];
        }
        for (auto const& [attempt, count] : attempts)
            std::cout << side.name << ": " << count << " jobs ended at attempt " << attempt << "\n";
        CHECK(attempts[1] > 0);
    }
    // Only by a worker that was stopped inside of a transaction (docs/brokers/sqlite.md).
    Load const& stored = both.sides.back().load;
    INFO(stored.words);
    CHECK((stored.refused == 0 || stored.code == cohort::errc::busy));
}

}  // namespace

TEST_CASE("on RabbitMQ, workers and server stand still together and go on: nobody is taken for dead",
          "[rabbitmq][F80][.nightly][heavy][timeout:300]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(all_sleep(server));
}

TEST_CASE("on RabbitMQ, ten minutes of whatever may happen, two at a time: no job is lost or stuck",
          "[rabbitmq][F92][.nightly][heavy][timeout:1500]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    auto const* const minutes = std::getenv("COHORT_SOAK_MINUTES");
    cohort::run(soak(server, std::chrono::minutes{minutes == nullptr ? 10 : std::atoi(minutes)}));
}

}  // namespace rabbitmq_nemesis_test
