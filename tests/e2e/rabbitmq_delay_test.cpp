// SPDX-License-Identifier: MIT
// A delay on a RabbitMQ server, as a client sees it, while its worker is stopped and another one started. The
// wall clock is meant: it is the server's.
#include "e2e/rabbitmq_scene.hpp"

#include <cohort/id.hpp>
#include <cohort/run.hpp>

#include <csignal>
#include <optional>

namespace rabbitmq_delay_test {

using namespace rabbitmq_scene;
using e2e::twice;

namespace {

cohort::awaitable<void> wait_ten_seconds(std::string url) {
    cohort::Client client{url};
    std::optional<Crew> crew{std::in_place, url, 1};
    int const two = co_await client.call<twice>(1, 0);
    CHECK(two == 2);
    auto const asked = Clock::now();
    auto const job = co_await client.enqueue_job<twice>({.delay = 10s}, 1, 0);
    auto const stored = Clock::now();
    co_await cohort::sleep_for(2s);
    crew->workers.front().signal(SIGTERM);
    CHECK(crew->workers.front().wait(5000) == 0);
    crew.emplace(url, 1);
    int const result = co_await job.result(30s);
    auto const came = Clock::now();
    CHECK(result == 2);
    CHECK(came - asked >= 10s);
    CHECK(came - stored <= 10s + 300ms * support::slowness);
}

std::string url() {
    return support::rabbitmq_url() + "?namespace=" + cohort::random_id();
}

}  // namespace

TEST_CASE("on RabbitMQ, a delay of ten seconds is kept to three tenths, also by the next worker",
          "[rabbitmq][S14]") {
    if (is_skipped()) return;
    cohort::run(wait_ten_seconds(url()));
}

TEST_CASE("on RabbitMQ with a store, a delay of ten seconds is kept to three tenths, also by the next worker",
          "[rabbitmq][S14]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(wait_ten_seconds(url() + "&store=sqlite:" + dir.file("jobs.db")));
}

}  // namespace rabbitmq_delay_test
