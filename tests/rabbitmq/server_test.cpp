// SPDX-License-Identifier: MIT
// What only a real server shows. Where the server's own time or another process is waited for, it passes.
#include "rabbitmq/server.hpp"
#include "support/slowness.hpp"

#include <cohort/log.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>

namespace server_test {

using namespace rabbitmq_test;
using Steady = std::chrono::steady_clock;

namespace {

Duration since(Steady::time_point begun) {
    return std::chrono::duration_cast<Duration>(Steady::now() - begun);
}

// Of the queues of jobs of this namespace, all together.
int sum_of(std::string const& column, Space const& space) {
    std::istringstream lines{support::rabbitmqctl("-q list_queues name " + column)};
    int sum = 0;
    for (std::string name, value; lines >> name >> value;) {
        if (name.starts_with("cohort:" + space.name + ":jobs:")) sum += std::stoi(value);
    }
    return sum;
}

// The queues' figures trail behind the acks. One delivery too many stays: nothing is settled meanwhile.
bool has_at_most_unacked(int most, Space const& space) {
    auto const begun = Steady::now();
    while (sum_of("messages_unacknowledged", space) > most) {
        if (since(begun) > 10s) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("three queues and four slots: never a fifth delivery", "[rabbitmq][F88][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    std::vector<std::string> const queues{"a", "b", "c"};
    Worker worker{*broker, queues};
    // It waits, so that its consumers are there before the jobs.
    CHECK(worker.claim(4, 50ms).jobs.empty());
    for (int i = 0; i < 4; ++i) {
        for (auto const& queue : queues)
            push(*broker, queue + std::to_string(i), queue);
    }
    std::vector<JobRecord> running;
    std::size_t done = 0;
    while (done < 12) {
        auto const free = static_cast<std::uint32_t>(4 - running.size());
        if (free > 0) {
            for (auto& job : worker.claim(free, 200ms).jobs)
                running.push_back(std::move(job));
        }
        REQUIRE(running.size() <= 4);
        if (done % 4 == 0) CHECK(has_at_most_unacked(4, space));
        REQUIRE_FALSE(running.empty());
        REQUIRE(worker.settle(running.back()) == Verdict::accepted);
        running.pop_back();
        ++done;
    }
    CHECK(worker.claim(4, 300ms).jobs.empty());
}

TEST_CASE("a busy queue takes the slots that idle ones do not need", "[rabbitmq]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Worker worker{*broker, {"a", "b", "c"}};
    auto running = worker.claim(4, 10ms).jobs;
    for (int i = 0; i < 4; ++i)
        push(*broker, "j" + std::to_string(i), "c");
    while (running.size() < 4) {
        auto const jobs = worker.claim(static_cast<std::uint32_t>(4 - running.size())).jobs;
        REQUIRE_FALSE(jobs.empty());
        running.insert(running.end(), jobs.begin(), jobs.end());
    }
}

TEST_CASE("a worker of three queues with four slots counts no loss that was none", "[rabbitmq][F88]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    std::vector<std::string> const queues{"a", "b", "c"};
    Worker worker{*broker, queues};
    constexpr int count = 600;
    auto const end = Steady::now() + 40s;
    // Now one queue is full, now another, now they trickle.
    std::thread client{[&] {
        std::minstd_rand random{7};
        for (int i = 0; i < count;) {
            int const many = random() % 3 == 0 ? 12 : 1;
            std::string const& queue = queues[random() % 3];
            std::vector<NewJob> jobs;
            for (int n = 0; n < many && i < count; ++n, ++i)
                jobs.push_back(one("j" + std::to_string(i), queue).front());
            run(broker->push(std::move(jobs)));
            std::this_thread::sleep_for(std::chrono::milliseconds{random() % 12});
        }
    }};
    std::mutex mutex;
    std::vector<JobRecord> running;
    std::atomic<int> done{0};
    std::thread body{[&] {
        std::minstd_rand random{11};
        while (done < count && Steady::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1 + random() % 5});
            std::optional<JobRecord> job;
            {
                std::lock_guard lock{mutex};
                if (running.empty()) continue;
                job = running[random() % running.size()];
            }
            bool const is_done = worker.settle(*job) == Verdict::accepted;
            std::lock_guard lock{mutex};
            std::erase_if(running, [&](JobRecord const& one) { return one.ref == job->ref; });
            if (is_done) ++done;
        }
    }};
    int lost = 0;
    std::size_t most = 0;
    while (done < count && Steady::now() < end) {
        std::size_t free = 0;
        {
            std::lock_guard lock{mutex};
            free = 4 - running.size();
        }
        if (free == 0) {
            std::this_thread::sleep_for(1ms);
            continue;
        }
        auto const jobs = worker.claim(static_cast<std::uint32_t>(free), 300ms).jobs;
        std::lock_guard lock{mutex};
        for (auto const& job : jobs) {
            lost += static_cast<int>(job.counters.lost);
            running.push_back(job);
        }
        most = std::max(most, running.size());
    }
    client.join();
    body.join();
    CHECK(done == count);
    CHECK(lost == 0);
    CHECK(most <= 4);
}

TEST_CASE("a worker whose connection is closed by the operator is retired, and its job is somebody else's",
          "[rabbitmq][serial][F47][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    push(*broker, "j1");
    Worker first{*broker};
    auto const run_before = first.claim().jobs.at(0);
    CHECK(run_before.counters.attempt == 1);

    support::rabbitmqctl("-q close_all_connections closed_by_the_test");

    CHECK(first.claim(1, 10s).retired);
    CHECK(first.settle(run_before) == Verdict::fenced);
    Worker second{*broker};
    auto const again = second.claim().jobs.at(0);
    CHECK(again.ref.id == "j1");
    CHECK(again.counters.attempt == 2);
    CHECK(again.counters.lost == 1);
    // Nothing is left of the first one.
    CHECK(second.claim(3, 50ms).jobs.empty());
    CHECK(sum_of("consumers", space) <= 1);
    CHECK(second.settle(again) == Verdict::accepted);
    CHECK(watch(*broker).at(0).ref.id == "j1");
}

TEST_CASE("a job that loses more than max_lost workers is dead, and its client hears why",
          "[rabbitmq][F17]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    auto jobs = one("j1");
    jobs[0].policy.max_lost = 1;
    run(broker->push(std::move(jobs)));
    for (std::uint32_t lost = 0; lost < 2; ++lost) {
        auto const dying = space.open();
        Worker worker{*dying};
        CHECK(worker.claim().jobs.at(0).counters.lost == lost);
        dying->close();
    }
    Worker worker{*broker};
    CHECK(worker.claim(1, 500ms).jobs.empty());

    auto const ended = watch(*broker);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].ending->state == JobState::failed);
    CHECK(ended[0].ending->reason == FailReason::worker_lost);
}

TEST_CASE("a job that has lost two workers waits before it meets the next one", "[rabbitmq][F17]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    push(*broker, "j1");
    for (std::uint32_t lost = 0; lost < 2; ++lost) {
        auto const dying = space.open();
        Worker worker{*dying};
        CHECK(worker.claim().jobs.at(0).counters.lost == lost);
        dying->close();
    }
    Worker worker{*broker};
    auto const begun = Steady::now();
    auto const third = worker.claim().jobs.at(0);
    CHECK(since(begun) >= pause_after_loss(2));
    CHECK(third.counters == Counters{3, 0, 2, 0});
}

TEST_CASE("a queue that somebody deleted is declared anew, under a waiting worker and for a push",
          "[rabbitmq][F51][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    push(*broker, "before");
    Worker worker{*broker};
    REQUIRE(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);
    // It is still on the ladder when the queue is deleted.
    auto delayed = one("delayed");
    delayed[0].delay = 10s * support::slowness;
    REQUIRE(run(broker->push(std::move(delayed))).at(0).verdict == PushVerdict::stored);
    // Who asks for jobs in the very moment loses its channel, is told so, and begins a new life.
    auto const claim = [&](Duration wait) {
        ClaimReply reply = worker.claim(1, wait);
        if (reply.retired) {
            worker.begin();
            reply = worker.claim(1, wait);
        }
        return reply;
    };
    std::atomic<bool> is_deleted{false};
    std::thread operator_{[&] {
        support::rabbitmqctl("-q delete_queue cohort:" + space.name + ":jobs:main");
        is_deleted = true;
    }};
    while (!is_deleted)
        CHECK(claim(300ms).jobs.empty());
    operator_.join();

    push(*broker, "after");

    auto const after = claim(10s).jobs.at(0);
    CHECK(after.ref.id == "after");
    CHECK(worker.settle(after) == Verdict::accepted);
    ClaimReply const last = claim(20s * support::slowness);
    REQUIRE(last.jobs.size() == 1);
    CHECK(last.jobs[0].ref.id == "delayed");
}

TEST_CASE("a delayed job is never early, and late by a step at most", "[rabbitmq]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Worker worker{*broker};
    run(broker->push(one("warm")));
    worker.claim();
    for (Duration const delay : {Duration{50ms}, Duration{700ms}, Duration{1250ms}}) {
        auto jobs = one("j" + std::to_string(delay.count()));
        jobs[0].delay = delay;
        auto const begun = Steady::now();
        run(broker->push(std::move(jobs)));
        // The queues of the ladder are made when they are first needed: from here on it climbs.
        auto const pushed = Steady::now();
        CHECK(worker.claim().jobs.size() == 1);
        CHECK(since(begun) >= delay);
        // A step, and what this machine may need beside it.
        CHECK(since(pushed) < delay + 100ms + 400ms);
    }
}

TEST_CASE("a retry comes after its pause with its counters", "[rabbitmq]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    auto jobs = one("j1");
    jobs[0].policy.max_retries = 2;
    jobs[0].policy.timeout = 1500ms;
    run(broker->push(std::move(jobs)));
    Worker worker{*broker};
    auto const begun = Steady::now();
    REQUIRE(worker.settle(worker.claim().jobs.at(0), SettleKind::retry, 300ms) == Verdict::accepted);
    auto const second = worker.claim().jobs.at(0);
    CHECK(since(begun) >= 300ms);
    CHECK(second.counters == Counters{2, 1, 0, 0});
    CHECK(second.policy.timeout == 1500ms);
    REQUIRE(worker.settle(second, SettleKind::released) == Verdict::accepted);
    CHECK(worker.claim().jobs.at(0).counters == Counters{3, 1, 0, 1});
}

TEST_CASE("a wrong password is told as such, and shown nowhere", "[rabbitmq][F56][F90]") {
    NEED_RABBITMQ
    std::string logged;
    set_log_sink([&](LogLevel, std::string_view line) { logged += line; });
    auto url = support::rabbitmq_url();
    url.replace(url.find("guest:guest"), 11, "guest:wr0ng-s3cret");
    auto const broker = rabbitmq::open(parse_url(url));
    std::string text;
    try {
        run(broker->push(one("j1")));
    } catch (Error const& error) {
        CHECK(error.which() == errc::auth_failed);
        text = error.what();
    }
    set_log_sink({});
    CHECK_FALSE(text.empty());
    CHECK((text + logged).find("wr0ng-s3cret") == std::string::npos);
}

TEST_CASE("a vhost that is not there is told as such", "[rabbitmq]") {
    NEED_RABBITMQ
    auto const broker = rabbitmq::open(parse_url(support::rabbitmq_url() + "/nowhere"));
    CHECK(code_of(broker->push(one("j1"))) == errc::auth_failed);
}

TEST_CASE("a server that cannot be reached is told within the timeout", "[F40]") {
    auto const broker = rabbitmq::open(parse_url("amqp://127.0.0.1:1?timeout=300ms"));
    auto const begun = Steady::now();
    CHECK(code_of(broker->push(one("j1"))) == errc::unavailable);
    CHECK(since(begun) < 5s);
}

TEST_CASE("what is not there yet is refused by name", "[B33]") {
    for (char const* url : {"amqp://host?store=sqlite:a.db"}) {
        INFO(url);
        errc code = errc::ok;
        try {
            rabbitmq::open(parse_url(url));
        } catch (Error const& error) {
            code = error.which();
        }
        CHECK(code == errc::not_supported);
    }
    CHECK_THROWS_AS(rabbitmq::open(parse_url("amqp://host?namespace=a:b")), Error);
    CHECK_THROWS_AS(rabbitmq::open(parse_url("amqp://host?login=magic")), Error);
    CHECK_THROWS_AS(rabbitmq::open(parse_url("amqp://host?reply=sometimes")), Error);
    CHECK_THROWS_AS(rabbitmq::open(parse_url("amqp://host?frame_max=1")), Error);
}

TEST_CASE("a server that is short of memory refuses pushes as full, and takes them again",
          "[rabbitmq][serial][F52][S42][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open("&blocked_timeout=200ms&timeout=1s");
    push(*broker, "before");
    support::rabbitmqctl("-q set_vm_memory_high_watermark 0.00001");
    errc code = errc::ok;
    // The first message after the alarm is what the server answers with "blocked".
    for (int i = 0; i < 20 && code != errc::storage_full; ++i)
        code = code_of(broker->push(one("full" + std::to_string(i))));
    support::rabbitmqctl("-q set_vm_memory_high_watermark 0.4");
    CHECK(code == errc::storage_full);
    bool is_stored = false;
    for (int i = 0; i < 20 && !is_stored; ++i)
        is_stored = code_of(broker->push(one("after"))) == errc::ok;
    CHECK(is_stored);
}

}  // namespace server_test
