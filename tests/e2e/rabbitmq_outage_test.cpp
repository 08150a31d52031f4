// SPDX-License-Identifier: MIT
// A while without the server, as clients and worker processes see it. The wall clock is meant here: it is
// what has to pass.
#include "e2e/rabbitmq_scene.hpp"
#include "faults/proxy.hpp"

#include <cohort/id.hpp>
#include <cohort/run.hpp>
#include <cohort/url.hpp>

#include <random>
#include <tuple>

namespace rabbitmq_outage_test {

using namespace rabbitmq_scene;

namespace {

cohort::awaitable<void> half_a_minute(std::string broker, faults::Proxy& network) {
    constexpr std::size_t count = 2000;
    cohort::Client client{broker};
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < static_cast<int>(count); ++n)
        calls.emplace_back(n, 10);
    auto const jobs = co_await client.enqueue_jobs<e2e::twice>(calls);
    cohort::AsCompleted done{jobs};
    std::size_t right = 0;
    while (done.left() > 0) {
        std::size_t const index = co_await done.next(60s);
        if (done.outcome<int>(index).value == 2 * static_cast<int>(index)) ++right;
        if (done.left() != count * 3 / 4) continue;
        network.accept("refuse");
        network.rst();
        co_await cohort::sleep_for(30s);
        network.accept("pass");
    }
    CHECK(right == count);
}

enum class Outage : std::uint8_t { killed, frozen, cut };

// Many jobs, and the results that their client has heard of.
class Heap {
public:
    explicit Heap(std::vector<cohort::Job<int>> const& jobs) : done_{jobs} {}

    std::size_t left() const { return done_.left(); }
    std::size_t right() const noexcept { return right_; }
    cohort::awaitable<void> take(cohort::Duration patience) {
        std::size_t const index = co_await done_.next(patience);
        if (done_.outcome<int>(index).value == 2 * static_cast<int>(index)) ++right_;
    }
    // All that is known by now.
    cohort::awaitable<void> take_known() {
        bool is_known = true;
        while (is_known && left() > 0) {
            try {
                co_await take(20ms);
            } catch (cohort::Error const&) {
                is_known = false;
            }
        }
    }

private:
    cohort::AsCompleted done_;
    std::size_t right_ = 0;
};

// Gives when the server is back.
cohort::awaitable<Clock::time_point> suffer(support::RabbitServer& server, Outage how, cohort::Duration span,
                                            Heap& heap) {
    if (how == Outage::cut) {
        for (auto const until = Clock::now() + span; Clock::now() < until;)
            server.ctl("-q close_all_connections cut_by_the_test");
        co_return Clock::now();
    }
    if (how == Outage::killed)
        server.kill();
    else
        server.freeze();
    co_await cohort::sleep_for(span);
    co_await heap.take_known();
    if (how == Outage::killed)
        server.revive();
    else
        server.thaw();
    co_return Clock::now();
}

// Three outages at random moments while `count` jobs run.
cohort::awaitable<void> outages(support::RabbitServer& server, int count, cohort::Duration span) {
    // Each cut costs those that are under way a run.
    cohort::ClientOptions patient;
    patient.policy.max_lost = 100;
    std::string const url = server.url() + "?timeout=3s&heartbeat=2s";
    cohort::Client client{url, patient};
    Crew crew{url, 2};
    // RabbitMQ notes a new queue on its disk half a second after it was made (docs/brokers/rabbitmq.md).
    int const two = co_await client.call<e2e::twice>(1, 0);
    CHECK(two == 2);
    co_await cohort::sleep_for(1500ms);
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n, 20);
    auto const jobs = co_await client.enqueue_jobs<e2e::twice>(calls);
    Heap heap{jobs};
    std::mt19937 random{std::random_device{}()};
    auto const part = static_cast<std::size_t>(count) / 5;
    for (Outage const how : {Outage::killed, Outage::frozen, Outage::cut}) {
        CAPTURE(static_cast<int>(how));
        auto const moment = heap.left() - part / 2 - random() % (part / 2);
        while (heap.left() > moment)
            co_await heap.take(60s);
        auto const back = co_await suffer(server, how, span, heap);
        REQUIRE(heap.left() > 0);
        co_await heap.take(60s);
        // The longest pause of a connection, and a second.
        CHECK(Clock::now() - back < 11s * support::slowness);
    }
    while (heap.left() > 0)
        co_await heap.take(60s);
    CHECK(heap.right() == static_cast<std::size_t>(count));
    CHECK(crew.is_alive());
}

}  // namespace

TEST_CASE("on RabbitMQ, client and worker survive half a minute without the server: all results arrive, "
          "nothing restarts",
          "[rabbitmq][I25][timeout:180]") {
    if (is_skipped()) return;
    std::string url = support::rabbitmq_url();
    auto const port = cohort::parse_url(url).hosts.at(0).port;
    faults::Proxy network{port};
    auto const at = url.rfind(':');
    url = url.substr(0, at + 1) + std::to_string(network.port()) +
          "?timeout=1s&namespace=" + cohort::random_id();
    support::TempDir const dir;
    support::Process worker{{support::program("e2e_worker"), "--broker", url, "--concurrency", "8"},
                            dir.file("worker.log")};
    cohort::run(half_a_minute(url, network));
    CHECK(worker.wait(0) == -1);  // the same process, still there
}

TEST_CASE("on RabbitMQ, three outages amid 10,000 jobs lose none, and no process has to start anew",
          "[rabbitmq][I25][heavy][timeout:300]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(outages(server, 10'000, 5s));
}

TEST_CASE("on RabbitMQ, three outages of 30 s amid 50,000 jobs lose none",
          "[rabbitmq][I25][F41][.nightly][heavy][timeout:900]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(outages(server, 50'000, 30s));
}

}  // namespace rabbitmq_outage_test
