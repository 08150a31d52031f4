// SPDX-License-Identifier: MIT
// Half a minute without the server, as a client and a worker process see it. The wall clock is meant here: it
// is what has to pass.
#include "e2e/e2e_jobs.hpp"
#include "faults/proxy.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/client.hpp>
#include <cohort/id.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>
#include <cohort/url.hpp>

#include <catch2/catch.hpp>

#include <iostream>
#include <tuple>
#include <vector>

namespace rabbitmq_outage_test {

using namespace std::chrono_literals;

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

}  // namespace

TEST_CASE("on RabbitMQ, client and worker survive half a minute without the server: all results arrive, "
          "nothing restarts",
          "[rabbitmq][I25][timeout:180]") {
    if (support::rabbitmq_url().empty()) {
        std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";
        return;
    }
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

}  // namespace rabbitmq_outage_test
