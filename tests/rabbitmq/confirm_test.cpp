// SPDX-License-Identifier: MIT
// What is believed only when it was confirmed, against a server that keeps its word back.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

#include <atomic>

namespace confirm_test {

using namespace rabbitmq_test;

namespace {

std::shared_ptr<Broker> open(PlayedServer const& server) {
    return rabbitmq::open(parse_url(server.url()));
}

// To a consumer that has just come.
Reply give_job(Said const& said) {
    amqp_basic_consume_ok_t ok{};
    ok.consumer_tag = rabbitmq::bytes_of("c1");
    return Reply{method_of(said.channel, AMQP_BASIC_CONSUME_OK_METHOD, ok) +
                 delivery_of(said.channel, "c1", 1, head_of("j1", "shop.add", 5), "[1,2]")};
}

std::vector<Settlement> success_of(JobRecord const& job) {
    std::vector<Settlement> settlements(1);
    settlements[0].ref = job.ref;
    settlements[0].token = *job.token;
    settlements[0].kind = SettleKind::succeeded;
    settlements[0].result = "3";
    return settlements;
}

}  // namespace

TEST_CASE("a push is stored when it was confirmed, and uncertain as long as it is not", "[F27]") {
    std::atomic<bool> keeps_silent{true};
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id == AMQP_BASIC_PUBLISH_METHOD && keeps_silent) return Reply{};
        return std::nullopt;
    }};
    auto const broker = open(server);
    CHECK(run(broker->push(one("j1"))).at(0).verdict == PushVerdict::uncertain);
    CHECK(server.count(AMQP_BASIC_PUBLISH_METHOD) == 1);
    keeps_silent = false;
    CHECK(run(broker->push(one("j2"))).at(0).verdict == PushVerdict::stored);
}

TEST_CASE("a push that the server could not store is refused", "[F52]") {
    std::atomic<std::uint64_t> refused{0};
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id != AMQP_BASIC_PUBLISH_METHOD) return std::nullopt;
        return Reply{method_of(said.channel, AMQP_BASIC_NACK_METHOD, amqp_basic_nack_t{++refused, 0, 0})};
    }};
    auto const broker = open(server);
    auto const result = run(broker->push(one("j1"))).at(0);
    CHECK(result.verdict == PushVerdict::refused);
    CHECK(result.code == errc::storage_full);
}

TEST_CASE("a push that a queue was not ready for is stored a moment later", "[F52]") {
    std::atomic<int> pushes{0};
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id != AMQP_BASIC_PUBLISH_METHOD || ++pushes > 1) return std::nullopt;
        return Reply{method_of(said.channel, AMQP_BASIC_NACK_METHOD, amqp_basic_nack_t{1, 0, 0})};
    }};
    auto const broker = open(server);
    CHECK(run(broker->push(one("j1"))).at(0).verdict == PushVerdict::stored);
    CHECK(pushes == 2);
}

TEST_CASE("a job is acked when its outcome was confirmed, and not before", "[F02]") {
    std::atomic<bool> keeps_silent{true};
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id == AMQP_BASIC_PUBLISH_METHOD && keeps_silent) return Reply{};
        if (said.id != AMQP_BASIC_CONSUME_METHOD) return std::nullopt;
        return give_job(said);
    }};
    auto const broker = open(server);
    Worker worker{*broker};
    auto const job = worker.claim(1, 5s).jobs.at(0);
    CHECK(job.ref.id == "j1");
    CHECK(code_of(broker->settle(success_of(job))) == errc::uncertain);
    CHECK(server.count(AMQP_BASIC_PUBLISH_METHOD) == 1);
    CHECK(server.count(AMQP_BASIC_ACK_METHOD) == 0);
    keeps_silent = false;
    CHECK(worker.settle(job) == Verdict::accepted);
    // What was said last has been heard when the next question is answered.
    run(broker->retire(worker.incarnation));
    worker.begin();
    CHECK(server.count(AMQP_BASIC_ACK_METHOD) == 1);
}

TEST_CASE("a worker outlives an answer that comes late, and so does what it runs", "[F49]") {
    PlayedServer const server{[](Said const& said) -> std::optional<Reply> {
        // The server's own time.
        if (said.id == AMQP_BASIC_GET_METHOD) std::this_thread::sleep_for(700ms);
        if (said.id != AMQP_BASIC_CONSUME_METHOD) return std::nullopt;
        return give_job(said);
    }};
    auto const broker = rabbitmq::open(parse_url(server.url("heartbeat=2s")));
    Worker worker{*broker};
    auto const job = worker.claim(1, 5s).jobs.at(0);
    ClaimReply const late = worker.claim(1, 0s);
    CHECK(late.jobs.empty());
    CHECK_FALSE(late.retired);
    CHECK(server.count(AMQP_BASIC_GET_METHOD) == 1);
    CHECK(worker.settle(job) == Verdict::accepted);
}

}  // namespace confirm_test
