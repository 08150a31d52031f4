// SPDX-License-Identifier: MIT
// A server that is short of memory for longer than anybody would wait for an answer. Its own time passes.
#include "rabbitmq/server.hpp"
#include "support/slowness.hpp"

#include <cohort/log.hpp>

#include <atomic>
#include <map>

namespace alarm_test {

using namespace rabbitmq_test;
using Steady = std::chrono::steady_clock;

namespace {

// For the whole server.
class Alarm {
public:
    explicit Alarm(support::RabbitServer& server) : server_{server} {
        server_.ctl("-q set_vm_memory_high_watermark 0");
    }
    ~Alarm() { end(); }
    Alarm(Alarm const&) = delete;
    Alarm& operator=(Alarm const&) = delete;

    void end() {
        if (std::exchange(is_on_, false)) server_.ctl("-q set_vm_memory_high_watermark 0.4");
    }

private:
    support::RabbitServer& server_;
    bool is_on_ = true;
};

// How often the log has said that the server takes no messages.
class Refusals {
public:
    Refusals() {
        set_log_sink([this](LogLevel, std::string_view line) {
            if (line.find("takes no messages for now") != std::string_view::npos) ++count_;
        });
    }
    ~Refusals() { set_log_sink({}); }
    Refusals(Refusals const&) = delete;
    Refusals& operator=(Refusals const&) = delete;

    bool await(int count) const {
        auto const end = Steady::now() + 10s * support::slowness;
        while (count_ < count && Steady::now() < end)
            std::this_thread::sleep_for(5ms);
        return count_ >= count;
    }

private:
    std::atomic<int> count_{0};
};

Settlement report(JobRecord const& job, bool is_good) {
    Settlement settlement;
    settlement.ref = job.ref;
    settlement.token = *job.token;
    settlement.kind = is_good ? SettleKind::succeeded : SettleKind::retry;
    settlement.result = "3";
    settlement.delay = 100ms;
    if (!is_good) settlement.reason = FailReason::exception;
    return settlement;
}

// As a worker does it: for as long as it takes.
std::vector<Verdict> settle(Broker& broker, std::vector<Settlement> const& settlements) {
    for (int tries = 0; tries < 100; ++tries) {
        try {
            return run(broker.settle(settlements));
        } catch (Error const& error) {
            if (error.which() != errc::uncertain) throw;
        }
    }
    return {};
}

}  // namespace

TEST_CASE("outcomes wait for the end of an alarm, however long it is: what runs meanwhile ends once",
          "[rabbitmq][F52][timeout:120]") {
    NEED_RABBITMQ
    support::RabbitServer server;
    // A worker waits for an answer for four seconds.
    auto const broker =
        rabbitmq::open(parse_url(server.url() + "?blocked_timeout=100ms&timeout=1s&heartbeat=2s"));
    Worker worker{*broker};
    constexpr int count = 4;
    for (int i = 0; i < count; ++i) {
        auto jobs = one("j" + std::to_string(i));
        jobs[0].policy.max_retries = 3;
        REQUIRE(run(broker->push(std::move(jobs))).at(0).verdict == PushVerdict::stored);
    }
    std::vector<JobRecord> running;
    while (running.size() < count) {
        auto const jobs = worker.claim(count).jobs;
        REQUIRE_FALSE(jobs.empty());
        running.insert(running.end(), jobs.begin(), jobs.end());
    }
    std::vector<Settlement> reports;
    for (int i = 0; i < count; ++i)
        reports.push_back(report(running[static_cast<std::size_t>(i)], i % 2 == 0));

    Refusals const refusals;
    Alarm alarm{server};
    errc code = errc::ok;
    for (int i = 0; i < 20 && code != errc::storage_full; ++i)
        code = code_of(broker->push(one("full" + std::to_string(i), "other")));
    REQUIRE(code == errc::storage_full);
    std::vector<Verdict> verdicts;
    std::thread reporter{[&] { verdicts = settle(*broker, reports); }};
    CHECK(refusals.await(2));  // of pushes, and now of the worker
    ClaimReply claimed;
    errc asked = errc::ok;
    std::thread asker{[&] {
        // It has to ask the server.
        try {
            claimed = worker.claim(1, 0s);
        } catch (Error const& error) {
            asked = error.which();
        }
    }};
    std::this_thread::sleep_for(9s);  // the alarm
    alarm.end();
    reporter.join();
    asker.join();

    CHECK(verdicts == std::vector<Verdict>(count, Verdict::accepted));
    CHECK(asked == errc::ok);
    CHECK_FALSE(claimed.retired);
    std::map<std::string, int> runs;
    auto jobs = std::move(claimed.jobs);
    for (int i = 0; i < 5; ++i) {
        for (auto const& job : jobs) {
            ++runs[std::string{job.ref.id.view()}];
            CHECK(job.counters == Counters{2, 1, 0, 0});
            CHECK(worker.settle(job) == Verdict::accepted);
        }
        jobs = worker.claim(count, 300ms).jobs;
    }
    CHECK(runs == std::map<std::string, int>{{std::string{running[1].ref.id.view()}, 1},
                                             {std::string{running[3].ref.id.view()}, 1}});
    std::map<std::string, int> told;
    for (int i = 0; i < 5; ++i) {
        for (auto const& ended : watch(*broker, 300ms)) {
            if (ended.ref.queue == "main") ++told[std::string{ended.ref.id.view()}];
        }
    }
    CHECK(told == std::map<std::string, int>{{"j0", 1}, {"j1", 1}, {"j2", 1}, {"j3", 1}});
}

}  // namespace alarm_test
