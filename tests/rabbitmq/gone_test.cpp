// SPDX-License-Identifier: MIT
// What somebody deletes on the server while it is in use comes back by itself. Where the server's own time is
// waited for, it passes.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

#include <atomic>

namespace gone_test {

using namespace rabbitmq_test;

namespace {

// Its exchanges, and the queues in which jobs wait.
void delete_ladder(Space const& space) {
    std::string const head = "cohort:" + space.name + ":";
    std::string const exchanges =
        "lists:foreach(fun(Name) -> rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, "
        "list_to_binary(Name)), false, <<\"operator\">>) end, [\"" +
        head + "due\" | [\"" + head + "delay:\" ++ integer_to_list(N) || N <- lists:seq(0, 25)]])";
    std::string const queues = "[rabbit_amqqueue:delete(Q, false, false, <<\"operator\">>) || Q <- "
                               "rabbit_amqqueue:list(<<\"/\">>), binary:match(element(4, "
                               "amqqueue:get_name(Q)), <<\"" +
                               head + "delay:\">>) =/= nomatch]";
    std::string const said = support::rabbitmqctl("-q eval '" + exchanges + ", length(" + queues + ").'");
    INFO(said);
    REQUIRE(std::stoi(said) > 0);
}

PushVerdict push_delayed(Broker& broker, std::string id, Duration delay) {
    auto jobs = one(std::move(id));
    jobs[0].delay = delay;
    return run(broker.push(std::move(jobs))).at(0).verdict;
}

}  // namespace

TEST_CASE("a ladder that somebody deleted is there again for the push after the one that misses it",
          "[rabbitmq][F51]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Worker worker{*broker};
    REQUIRE(push_delayed(*broker, "before", 100ms) == PushVerdict::stored);
    CHECK(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);

    delete_ladder(space);

    CHECK(push_delayed(*broker, "missing", 100ms) == PushVerdict::uncertain);
    CHECK(push_delayed(*broker, "after", 100ms) == PushVerdict::stored);
    CHECK(worker.claim().jobs.at(0).ref.id == "after");
}

TEST_CASE("a ladder that somebody deleted is there again for the retry after the one that misses it",
          "[rabbitmq][F51]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    auto jobs = one("j1");
    jobs[0].policy.max_retries = 5;
    run(broker->push(std::move(jobs)));
    Worker worker{*broker};
    REQUIRE(worker.settle(worker.claim().jobs.at(0), SettleKind::retry, 100ms) == Verdict::accepted);
    auto const second = worker.claim().jobs.at(0);

    delete_ladder(space);

    errc code = errc::ok;
    try {
        worker.settle(second, SettleKind::retry, 100ms);
    } catch (Error const& error) {
        code = error.which();
    }
    CHECK(code == errc::uncertain);
    // The channel went with it, and so the worker's life; the job is the next one's.
    CHECK(worker.claim().retired);
    worker.begin();
    auto const third = worker.claim().jobs.at(0);
    CHECK(third.counters == Counters{3, 1, 1, 0});
    REQUIRE(worker.settle(third, SettleKind::retry, 100ms) == Verdict::accepted);
    auto const fourth = worker.claim().jobs.at(0);
    CHECK(fourth.counters == Counters{4, 2, 1, 0});
    CHECK(worker.settle(fourth) == Verdict::accepted);
}

namespace {

// Passes the steps of 200 and of 100 ms.
constexpr Duration two_steps = 300ms;

void delete_lower_step(Space const& space) {
    std::string const name = "cohort:" + space.name + ":delay:0";
    support::rabbitmqctl("-q delete_queue " + name);
    REQUIRE(support::rabbitmqctl("-q list_queues name").find(name + "\n") == std::string::npos);
}

}  // namespace

TEST_CASE(
    "a lower step of the ladder that somebody deleted alone is there again for the next push through it",
    "[rabbitmq][F51][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Worker worker{*broker};
    REQUIRE(push_delayed(*broker, "before", two_steps) == PushVerdict::stored);
    CHECK(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);

    delete_lower_step(space);

    CHECK(push_delayed(*broker, "after", two_steps) == PushVerdict::stored);
    auto const jobs = worker.claim(1, 10s).jobs;
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].ref.id == "after");
}

TEST_CASE(
    "a lower step of the ladder that somebody deleted alone is there again for the next retry through it",
    "[rabbitmq][F51][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    auto jobs = one("j1");
    jobs[0].policy.max_retries = 5;
    run(broker->push(std::move(jobs)));
    Worker worker{*broker};
    REQUIRE(worker.settle(worker.claim().jobs.at(0), SettleKind::retry, two_steps) == Verdict::accepted);
    auto const second = worker.claim().jobs.at(0);

    delete_lower_step(space);

    REQUIRE(worker.settle(second, SettleKind::retry, two_steps) == Verdict::accepted);
    auto const third = worker.claim(1, 10s).jobs;
    REQUIRE(third.size() == 1);
    CHECK(third[0].counters == Counters{3, 2, 0, 0});
}

TEST_CASE("a job that waits above a step of the ladder that somebody deleted goes on when the step is back",
          "[rabbitmq][F51][.nightly][timeout:480]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Worker worker{*broker};
    constexpr Duration all_steps = 12'700ms;
    REQUIRE(push_delayed(*broker, "above", all_steps) == PushVerdict::stored);
    delete_lower_step(space);
    CHECK(worker.claim(1, all_steps + 2s).jobs.empty());
    REQUIRE(push_delayed(*broker, "after", two_steps) == PushVerdict::stored);
    CHECK(worker.settle(worker.claim(1, 10s).jobs.at(0)) == Verdict::accepted);
    // The server tries it again every three minutes.
    auto const jobs = worker.claim(1, 380s).jobs;
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].ref.id == "above");
}

TEST_CASE("an outcome that could not be said, because nothing could be declared, may be said again",
          "[F51]") {
    std::atomic<bool> is_short{false};
    amqp_channel_close_t close{};
    close.reply_code = 506;
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id == AMQP_QUEUE_DECLARE_METHOD && is_short)
            return Reply{method_of(said.channel, AMQP_CHANNEL_CLOSE_METHOD, close)};
        if (said.id == AMQP_QUEUE_BIND_METHOD && is_short) return Reply{};  // of that channel
        if (said.id != AMQP_BASIC_CONSUME_METHOD) return std::nullopt;
        amqp_basic_consume_ok_t ok{};
        ok.consumer_tag = rabbitmq::bytes_of("c1");
        return Reply{method_of(said.channel, AMQP_BASIC_CONSUME_OK_METHOD, ok) +
                     delivery_of(said.channel, "c1", 1, head_of("j1", "shop.add", 5), "[1,2]")};
    }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker};
    auto const job = worker.claim(1, 5s).jobs.at(0);
    std::vector<Settlement> settlements(1);
    settlements[0].ref = job.ref;
    settlements[0].token = *job.token;
    settlements[0].kind = SettleKind::released;
    settlements[0].delay = 100ms;
    is_short = true;
    CHECK(code_of(broker->settle(settlements)) == errc::unavailable);
    is_short = false;
    CHECK(run(broker->settle(settlements)).at(0) == Verdict::accepted);
    CHECK(server.count(AMQP_BASIC_PUBLISH_METHOD) == 1);
}

}  // namespace gone_test
