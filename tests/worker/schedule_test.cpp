// SPDX-License-Identifier: MIT
// Workers that keep schedules, on the virtual clock.
#include "support/proxy_broker.hpp"
#include "worker/rig.hpp"

#include <cohort/log.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace schedule_test {

using namespace cohort;
using support::Rig;

struct Call {
    Instant at;
    std::string id;
    int number = 0;
};

// Jobs write here when they begin.
struct Diary {
    Rig* rig = nullptr;
    std::vector<Call> calls;
    int running = 0;
    int most_running = 0;

    std::vector<Instant> times() const {
        std::vector<Instant> all;
        for (auto const& call : calls)
            all.push_back(call.at);
        return all;
    }
};

Diary* diary = nullptr;

int note(Context& context, int number) {
    diary->calls.push_back({diary->rig->now(), context.job().ref.id, number});
    return number;
}
COHORT_JOB(note);

awaitable<void> slow(Context& context, int seconds) {
    diary->calls.push_back({diary->rig->now(), context.job().ref.id, seconds});
    diary->most_running = std::max(diary->most_running, ++diary->running);
    auto const span = std::chrono::seconds{seconds};
    co_await sleep_for(span);
    --diary->running;
}
COHORT_JOB(slow, .queue = "slow", .max_retries = 2, .keep_result = 0s);

// What is logged, instead of showing it.
struct Log {
    Log() {
        set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
    }
    ~Log() { set_log_sink({}); }
    Log(Log const&) = delete;
    Log& operator=(Log const&) = delete;

    std::ptrdiff_t count(std::string_view text) const {
        return std::ranges::count_if(
            lines, [&](std::string const& line) { return line.find(text) != std::string::npos; });
    }

    std::vector<std::string> lines;
};

struct Scene {
    Rig rig;
    Diary book{&rig, {}, 0, 0};

    Scene() { diary = &book; }

    // The loop begins 40 s after a minute: none has just been missed.
    Worker& start(std::string name, Schedule when, ScheduleOptions options = {.catch_up = 10s},
                  WorkerOptions worker = {}) {
        return rig.start(std::move(worker), [&](Worker& made) {
            made.add<note>();
            made.schedule<note>(name, when, options, 7);
        });
    }
};

// The rig's time, off by what a test says.
class JumpyClock : public Clock {
public:
    explicit JumpyClock(Rig& rig) : rig_{rig} {}
    Instant now() const noexcept override { return rig_.loop.clock().now() + jump; }
    Duration steady() const noexcept override { return rig_.loop.clock().steady(); }

    Duration jump = 0s;

private:
    Rig& rig_;
};

awaitable<void> three_workers(Scene& scene) {
    Schedule const when = every(1min);
    std::uint64_t given = 0;
    std::vector<Worker*> workers;
    for (int i = 0; i < 3; ++i)
        workers.push_back(&scene.start("pulse", when));
    co_await sleep_for(1h);
    for (auto const* worker : workers)
        given += worker->stats().scheduled;
    CHECK(given == 60);
    REQUIRE(scene.book.calls.size() == 60);
    Instant tick = when.next(scene.rig.now() - 1h - 1us);
    for (auto const& call : scene.book.calls) {
        CHECK(call.at == tick);
        CHECK(call.id == tick_id("pulse", tick));
        CHECK(tick_of(call.id) == tick);
        CHECK(call.number == 7);
        tick = when.next(tick);
    }
}

TEST_CASE("three workers with one schedule: each tick is one job, at its second", "[I28][F82]") {
    Scene scene;
    scene.rig.run(three_workers(scene));
}

awaitable<void> in_a_zone(Scene& scene) {
    // 2001-09-09 01:46:40 UTC is 03:46:40 in Madrid.
    for (int i = 0; i < 3; ++i)
        scene.start("nightly", cron("0 3 * * *", "Europe/Madrid"));
    co_await sleep_for(23h);
    REQUIRE(scene.book.calls.size() == 0);
    co_await sleep_for(30min);
    REQUIRE(scene.book.calls.size() == 1);
    CHECK(scene.book.calls[0].id == "cron:nightly:2001-09-10T01:00:00Z");
}

TEST_CASE("a cron expression in a time zone is kept by three workers as by one", "[I28]") {
    Scene scene;
    scene.rig.run(in_a_zone(scene));
}

awaitable<void> record(Scene& scene) {
    scene.rig.start({.name = "anna", .queues = {"other"}}, [](Worker& worker) {
        worker.add<slow>();
        worker.schedule<slow>("report", every(1min),
                              {.catch_up = 2h, .priority = 5, .timeout = 10s, .unique = "report"}, 1);
    });
    Instant const start = scene.rig.now();
    auto const tick = *every(1min).last(start, start - 1min);
    co_await sleep_for(1s);
    JobRef const ref{"slow", tick_id("report", tick)};
    auto const found = co_await scene.rig.client.find(ref).status();
    REQUIRE(found.has_value());
    CHECK(found->due == tick);
    CHECK(found->created == start);
    CHECK(found->sender.starts_with("schedule report, anna@"));
    CHECK(found->client.empty());
    CHECK(found->priority == 5);
    CHECK(found->unique == "report");
    CHECK(found->policy.timeout == 10s);
    CHECK(found->policy.max_retries == 2);   // as the function says
    CHECK(found->policy.keep_result == 3h);  // it says 0 s, but a tick must be remembered
    CHECK(found->policy.keep_error == 24h * 14);
}

TEST_CASE("the record of a tick's job shows its schedule, its time and the options of both", "[I28]") {
    Scene scene;
    scene.rig.run(record(scene));
}

awaitable<void> overlapping(Scene& scene, std::string_view unique, int& most, std::size_t& count) {
    scene.rig.start({.queues = {"slow"}}, [&](Worker& worker) {
        worker.add<slow>();
        worker.schedule<slow>("long", every(1min), {.catch_up = 10s, .unique = unique}, 90);
    });
    co_await sleep_for(10min);
    most = scene.book.most_running;
    count = scene.book.calls.size();
}

TEST_CASE("a tick does not wait for the job of the one before, unless a unique key forbids it", "[I28]") {
    int most = 0;
    std::size_t count = 0;
    SECTION("both run") {
        Scene scene;
        scene.rig.run(overlapping(scene, "", most, count));
        CHECK(most == 2);
        CHECK(count == 10);
    }
    SECTION("the second is left out") {
        Scene scene;
        scene.rig.run(overlapping(scene, "long", most, count));
        CHECK(most == 1);
        CHECK(count == 5);
    }
}

// Refuses to store while it is away.
class Away : public support::ProxyBroker {
public:
    using ProxyBroker::ProxyBroker;
    bool is_away = false;
    int pushes = 0;

    awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs) override {
        ++pushes;
        if (is_away) throw Error{errc::unavailable, "connection refused"};
        return ProxyBroker::push(std::move(jobs));
    }
};

awaitable<void> away(Scene& scene, Away& broker, Duration outage, Duration catch_up) {
    scene.start("hourly", every(1h), {.catch_up = catch_up});
    Instant const tick = every(1h).next(scene.rig.now());
    co_await sleep_for(tick - scene.rig.now() - 5s);
    broker.is_away = true;
    co_await sleep_for(outage + 5s);
    CHECK(scene.book.calls.empty());
    CHECK(broker.pushes > 1);
    broker.is_away = false;
    co_await sleep_for(10s);
}

TEST_CASE("a broker that is away at a tick gets it when it is back, within catch_up", "[F83][F41]") {
    Log const log;
    Scene scene;
    auto const broker = std::make_shared<Away>(scene.rig.broker);
    scene.rig.broker = broker;
    SECTION("in time") {
        scene.rig.run(away(scene, *broker, 20min, 30min));
        REQUIRE(scene.book.calls.size() == 1);
        CHECK(scene.book.calls[0].id == tick_id("hourly", every(1h).next(scene.rig.now() - 1h)));
    }
    SECTION("too late") {
        scene.rig.run(away(scene, *broker, 20min, 10min));
        CHECK(scene.book.calls.empty());
        CHECK(broker->pushes < 10 * 60 * 2);
        CHECK(log.count("could not be given in time, and is left out") == 1);
    }
}

// All workers stop for so long; how many ticks come late, of a schedule by the minute.
awaitable<void> nobody_there(Scene& scene, Duration away, Duration catch_up, std::vector<Instant>& late) {
    scene.start("minutes", every(1min), {.catch_up = catch_up});
    co_await sleep_for(10min + 1s);
    co_await scene.rig.stop();
    CHECK(scene.book.calls.size() == (catch_up > 40s ? 11 : 10));
    scene.book.calls.clear();
    co_await sleep_for(away);
    // 01:46:40 + 10 min 1 s + what it was: 19 s before a minute.
    scene.start("minutes", every(1min), {.catch_up = catch_up});
    co_await sleep_for(10s);
    late = scene.book.times();
}

TEST_CASE("ticks at which nobody was there are left out, or the last one is given", "[F83][I28]") {
    std::vector<Instant> late;
    SECTION("left out") {
        Scene scene;
        scene.rig.run(nobody_there(scene, 10min, 10s, late));
        CHECK(late.empty());
    }
    SECTION("the last one") {
        Scene scene;
        scene.rig.run(nobody_there(scene, 10min, 1h, late));
        REQUIRE(late.size() == 1);
        CHECK(scene.book.calls[0].id == tick_id("minutes", *every(1min).last(late[0], late[0] - 1min)));
    }
    SECTION("one that was given is not given again") {
        Scene scene;
        scene.rig.run(nobody_there(scene, 5s, 1h, late));
        CHECK(late.empty());
    }
}

awaitable<void> jumps(Scene& scene, JumpyClock& clock) {
    scene.start("minutes", every(1min), {.catch_up = 10s}, {.clock = &clock});
    scene.start("minutes", every(1min));
    co_await sleep_for(40min);
    CHECK(scene.book.calls.size() == 40);
    // It gives jobs an hour early; but they begin by the broker's clock.
    clock.jump = 1h;
    co_await sleep_for(10min);
    clock.jump = -30min;
    co_await sleep_for(10min);
    clock.jump = 0s;
    co_await sleep_for(1h);
    std::map<std::string, int> runs;
    for (auto const& call : scene.book.calls) {
        CHECK(call.at == *tick_of(call.id));
        ++runs[call.id];
    }
    for (auto const& [id, count] : runs) {
        CAPTURE(id);
        CHECK(count == 1);
    }
    CHECK(runs.size() == 120);
}

TEST_CASE("a worker whose clock jumps by hours, beside one whose clock is right: each tick once, at its time",
          "[F78][F79]") {
    Scene scene;
    JumpyClock clock{scene.rig};
    scene.rig.run(jumps(scene, clock));
}

awaitable<void> alone_and_jumping(Scene& scene, JumpyClock& clock) {
    scene.start("seconds", every(1s), {.catch_up = 10s}, {.clock = &clock});
    co_await sleep_for(10s);
    clock.jump = 24h;
    co_await sleep_for(20s);
    clock.jump = 0s;
    co_await sleep_for(20s);
    // It noticed each jump within the ten seconds that it sleeps at most, here in one.
    CHECK(scene.book.calls.size() >= 28);
    CHECK(scene.book.calls.size() <= 31);
}

TEST_CASE("a clock that is wrong for a while stops nothing when it is right again", "[F79]") {
    Scene scene;
    JumpyClock clock{scene.rig};
    scene.rig.run(alone_and_jumping(scene, clock));
}

awaitable<void> other_words(Scene& scene) {
    scene.start("same", every(1min));
    scene.rig.start({}, [](Worker& worker) {
        worker.add<note>();
        worker.schedule<note>("same", every(1min), {.catch_up = 10s}, 8);
    });
    co_await sleep_for(5min);
    CHECK(scene.book.calls.size() == 5);
}

TEST_CASE("workers that say different things under one name: each tick is one job all the same", "[I28]") {
    Log const log;
    Scene scene;
    scene.rig.run(other_words(scene));
    CHECK(log.count("another worker has a schedule of this name that says something else") == 1);
}

struct NoRecords : support::ProxyBroker {
    using ProxyBroker::ProxyBroker;
    Capabilities lacking{.durable = true, .delays = true};
    Capabilities const& capabilities() const noexcept override { return lacking; }
};

std::string refusal(std::function<void()> const& call, errc code) {
    try {
        call();
    } catch (Error const& error) {
        CHECK(error.which() == code);
        return error.detail();
    }
    return "accepted";
}

TEST_CASE("what is wrong with a schedule is said when it is given to the worker", "[I28]") {
    Rig rig;
    Worker worker{rig.broker};
    worker.schedule<note>("there", every(1min), 1);
    REQUIRE(worker.schedules().size() == 1);
    CHECK(worker.schedules()[0].name == "there");
    CHECK(worker.schedules()[0].when.text() == "every 1min");
    CHECK(worker.schedules()[0].job == "schedule_test.note");
    CHECK(worker.schedules()[0].queue == "default");
    auto const add = [&](std::string_view name, ScheduleOptions options) {
        return [&worker, name, options] { worker.schedule<note>(name, every(1min), options, 1); };
    };
    CHECK(refusal(add("there", {}), errc::invalid_schedule) ==
          "schedule there is there already; the ids of its jobs would be the same");
    CHECK(refusal(add("", {}), errc::invalid_schedule).starts_with("schedule name is empty; use 1 to 100"));
    CHECK(refusal(add("a:b", {}), errc::invalid_schedule).starts_with("schedule name \"a:b\": byte 0x3A"));
    CHECK(refusal(add("x", {.catch_up = 0s}), errc::invalid_schedule) ==
          "schedule x: catch_up 0s not in 1s..366 days");
    CHECK(refusal(add("x", {.queue = "a b"}), errc::invalid_queue_name) != "accepted");
    CHECK(refusal(add("x", {.timeout = -1s}), errc::invalid_timeout) != "accepted");
    CHECK(refusal(add("x", {.priority = 101}), errc::invalid_priority) != "accepted");
    Worker elsewhere{std::make_shared<NoRecords>(rig.broker)};
    auto const add_elsewhere = [&] { elsewhere.schedule<note>("x", every(1min), 1); };
    CHECK(refusal(add_elsewhere, errc::not_supported)
              .find("give the schedules to a worker on sqlite: or redis:") != std::string::npos);
}

}  // namespace schedule_test
