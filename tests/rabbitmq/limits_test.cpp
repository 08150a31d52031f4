// SPDX-License-Identifier: MIT
// What a job may ask of a server that keeps no records: an end to its waiting, a place before others, and
// time. Where the server is waited for, time passes.
#include "rabbitmq/server.hpp"

namespace limits_test {

using namespace rabbitmq_test;

TEST_CASE("a job that has started in time does not expire when its worker is lost", "[rabbitmq]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    auto const lost = space.open();
    auto jobs = one("j1");
    constexpr auto lifetime = 3s;
    jobs[0].expires = lifetime;
    run(broker->push(std::move(jobs)));
    Worker first{*lost};
    REQUIRE(first.claim().jobs.size() == 1);
    Worker second{*broker};
    CHECK(second.claim(1, lifetime + 100ms).jobs.empty());
    lost->close();

    JobRecord const again = second.claim().jobs.at(0);

    CHECK(again.ref.id == "j1");
    CHECK(again.counters.attempt == 2);
}

TEST_CASE("with three priorities a worker empties the urgent line first and the patient one last",
          "[rabbitmq]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open("&priorities=3");
    CHECK(broker->capabilities().priorities);
    auto const push_with = [&](std::string id, std::int32_t priority) {
        auto jobs = one(std::move(id));
        jobs[0].priority = priority;
        REQUIRE(run(broker->push(std::move(jobs))).at(0).verdict == PushVerdict::stored);
    };
    for (int i = 0; i < 3; ++i) {
        push_with("patient" + std::to_string(i), -100);
        push_with("usual" + std::to_string(i), 0);
        push_with("urgent" + std::to_string(i), 7);
    }
    Worker worker{*broker};
    std::vector<std::string> ids;
    bool is_tried = false;
    for (int i = 0; i < 10; ++i) {
        auto const job = worker.claim().jobs.at(0);
        ids.emplace_back(job.ref.id.view().substr(0, job.ref.id.size() - 1));
        CHECK(job.ref.queue == "main");
        // What goes back is as urgent as before.
        bool const is_first = !std::exchange(is_tried, true);
        auto const kind = is_first ? SettleKind::released : SettleKind::succeeded;
        REQUIRE(worker.settle(job, kind) == Verdict::accepted);
    }
    std::vector<std::string> const expected{"urgent", "urgent", "urgent",  "urgent",  "usual",
                                            "usual",  "usual",  "patient", "patient", "patient"};
    CHECK(ids == expected);
}

TEST_CASE("a worker that waits hears of urgent, usual and patient jobs, also with one slot", "[rabbitmq]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open("&priorities=3");
    Worker worker{*broker};
    for (std::int32_t const priority : {-1, 0, 1}) {
        auto jobs = one("j" + std::to_string(priority));
        jobs[0].priority = priority;
        jobs[0].delay = 100ms;
        run(broker->push(std::move(jobs)));
        auto const job = worker.claim().jobs.at(0);
        CHECK(job.priority == priority);
        CHECK(worker.settle(job) == Verdict::accepted);
    }
}

TEST_CASE("priorities that were not asked for are refused, and the error says how to ask", "[rabbitmq]") {
    auto const broker = rabbitmq::open(parse_url("amqp://127.0.0.1:1"));
    CHECK_FALSE(broker->capabilities().priorities);
    auto jobs = one("j1");
    jobs[0].priority = 1;
    CHECK_THROWS_WITH(run(broker->push(std::move(jobs))), Catch::Contains("priorities=3"));
    CHECK_THROWS_WITH(rabbitmq::open(parse_url("amqp://host?priorities=2")),
                      Catch::Contains("priorities is 3"));
}

TEST_CASE("a job that the server may not wait for is refused, as far as that is known") {
    auto const fate = [](std::string const& url, Duration timeout) {
        auto const broker = rabbitmq::open(parse_url("amqp://127.0.0.1:1?timeout=10ms" + url));
        auto jobs = one("j1");
        jobs[0].policy.timeout = timeout;
        return code_of(broker->push(std::move(jobs)));
    };
    // What is let through finds that there is no server.
    CHECK(fate("", 0s) == errc::unavailable);
    CHECK(fate("", 29min) == errc::unavailable);
    CHECK(fate("", 30min) == errc::not_supported);
    CHECK(fate("&consumer_timeout=5s", 0s) == errc::not_supported);
    CHECK(fate("&consumer_timeout=5s", 5s) == errc::not_supported);
    CHECK(fate("&consumer_timeout=5s", 4s) == errc::unavailable);
    CHECK(fate("&consumer_timeout=0s", 0s) == errc::unavailable);
    CHECK(fate("&consumer_timeout=2h", 1h) == errc::unavailable);
}

}  // namespace limits_test
