// SPDX-License-Identifier: MIT
// Real worker and client processes on a real RabbitMQ server, and what happens when one is killed. The wall
// clock is meant here: it is the server's.
#include "e2e/e2e_jobs.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/client.hpp>
#include <cohort/id.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <deque>
#include <iostream>
#include <set>
#include <tuple>
#include <vector>

namespace rabbitmq_test {

using namespace std::chrono_literals;

using namespace e2e;

namespace {

bool is_skipped() {
    if (!support::rabbitmq_url().empty()) return false;
    std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";
    return true;
}

// A namespace of the case's own.
std::string url() {
    return support::rabbitmq_url() + "?namespace=" + cohort::random_id();
}

support::Process start_worker(support::TempDir const& dir, std::string const& broker) {
    std::vector<std::string> const command{support::program("e2e_worker"), "--broker", broker,
                                           "--concurrency", "8"};
    return support::Process{command, dir.file("worker.log")};
}

// Until it is this one's turn.
cohort::awaitable<void> await_turn(cohort::Client& client, support::Process const& worker) {
    std::string const own = std::to_string(worker.pid()) + "/";
    for (std::string who; !who.starts_with(own);)
        who = co_await client.call<where>();
}

cohort::awaitable<void> kill_amid(support::TempDir const& dir, std::string const& broker) {
    constexpr int count = 300;
    cohort::Client client{broker};
    std::deque<support::Process> workers;
    for (int i = 0; i < 3; ++i)
        workers.push_back(start_worker(dir, broker));
    co_await await_turn(client, workers.front());
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n, 250);  // long enough that it has some when it is killed, also on a busy machine
    auto const jobs = co_await client.enqueue_jobs<twice>(calls);
    cohort::AsCompleted done{{jobs.begin(), jobs.end()}};
    std::set<std::size_t> ended;
    int again = 0;
    while (done.left() > 0) {
        std::size_t const index = co_await done.next(30s);
        CHECK(done.outcome<int>(index).value == 2 * static_cast<int>(index));
        if (done.ending(index).attempt > 1) ++again;
        ended.insert(index);
        if (ended.size() == 50) workers.front().signal(SIGKILL);
    }
    CHECK(ended.size() == count);
    CHECK(again > 0);
}

cohort::awaitable<void> ask_for_what_is_absent(std::string const& broker) {
    cohort::Client client{broker};
    auto const job = co_await client.enqueue_job<twice>(1, 0);
    auto const other = client.find<int>({"default", "somebody-elses"});
    std::string text;
    auto const note = [&](cohort::Error const& error) {
        CHECK(error.which() == cohort::errc::not_supported);
        text = error.what();
    };
    try {
        co_await job.status();
    } catch (cohort::Error const& error) {
        note(error);
    }
    CHECK(text.find("use sqlite: or redis:") != std::string::npos);
    text.clear();
    try {
        co_await job.cancel();
    } catch (cohort::Error const& error) {
        note(error);
    }
    CHECK(text.find("use sqlite: or redis:") != std::string::npos);
    text.clear();
    try {
        co_await other.result(10s);
    } catch (cohort::Error const& error) {
        note(error);
    }
    CHECK(text.find("use sqlite: or redis:") != std::string::npos);
    text.clear();
    try {
        co_await client.enqueue_job<twice>({.unique = "one"}, 1, 0);
    } catch (cohort::Error const& error) {
        note(error);
    }
    CHECK(text.find("use sqlite: or redis:") != std::string::npos);
}

}  // namespace

TEST_CASE("on RabbitMQ, a client process and a worker process understand each other", "[rabbitmq]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    std::string const broker = url();
    auto const worker = start_worker(dir, broker);
    support::Process client{{support::program("e2e_client"), broker}, dir.file("client.log")};
    CHECK(client.wait(30'000) == 0);
}

TEST_CASE("on RabbitMQ, the jobs of a worker that is killed run elsewhere, each once in the end",
          "[rabbitmq][F01][I27]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(kill_amid(dir, url()));
}

TEST_CASE("on RabbitMQ, what needs records is refused, and the error says what to use instead",
          "[rabbitmq]") {
    if (is_skipped()) return;
    cohort::run(ask_for_what_is_absent(url()));
}

}  // namespace rabbitmq_test
