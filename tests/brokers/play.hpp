// SPDX-License-Identifier: MIT
// Random steps of three actors (a client, workers, an operator) against a broker and against the model: after
// each step both must have answered alike and hold the same jobs. A failure prints its seed and the steps
// that led to it.
#pragma once

#include "brokers/conformance/suite.hpp"
#include "brokers/model.hpp"

#include <cohort/id.hpp>

#include <cstdlib>
#include <deque>
#include <exception>
#include <iostream>
#include <random>
#include <sstream>

namespace model {

using namespace cohort;
namespace suite = cohort::conformance;

// Rig: its clock stands still but for advance().
template<class Rig>
class Play {
public:
    explicit Play(unsigned seed) : random_{seed} { model_.now = rig_.clock().now(); }
    ~Play() {
        if (std::uncaught_exceptions() > 0) std::cerr << story_.str();
    }
    Play(Play const&) = delete;
    Play& operator=(Play const&) = delete;

    void step() {
        model_.now = rig_.clock().now();
        switch (below(14)) {
        case 0:
        case 1:
        case 2:
            push();
            break;
        case 3:
        case 4:
            claim();
            break;
        case 5:
        case 6:
        case 7:
            settle();
            break;
        case 8:
            cancel();
            break;
        case 9:
            beat();
            break;
        case 10:
            end_or_begin_a_life();
            break;
        case 11:
            say("upkeep"), suite::upkeep(rig_), model_.upkeep();
            break;
        case 12:
            operate();
            break;
        case 13:
            rig_.advance(std::chrono::seconds{below(12)});
            break;
        }
        model_.now = rig_.clock().now();
        compare();
    }

private:
    unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>{0, limit - 1}(random_); }
    bool one_in(unsigned count) { return below(count) == 0; }
    template<class... Words>
    void say(Words const&... words) {
        story_ << rig_.clock().steady() / 1s << "s";
        ((story_ << ' ' << words), ...);
        story_ << '\n';
    }
    std::string some_id() { return "j" + std::to_string(below(8)); }

    void push() {
        NewJob job = suite::make_job(some_id());
        if (one_in(8)) job.arguments = "[0]";
        if (one_in(3)) job.unique = one_in(2) ? "x" : "y";
        if (one_in(3)) job.delay = std::chrono::seconds{below(10)};
        if (one_in(4)) job.expires = std::chrono::seconds{1 + below(15)};
        job.priority = static_cast<int>(below(3)) - 1;
        job.policy.max_retries = below(3);
        job.policy.max_lost = below(3);
        job.policy.keep_result = one_in(4) ? 0s : 20s;
        job.policy.keep_error = one_in(4) ? 0s : 30s;
        say("push", job.ref.id, "unique", job.unique, "delay", job.delay / 1s);
        PushResult const expected = model_.push(job);
        PushResult const result = suite::push(rig_, job);
        REQUIRE(result.verdict == expected.verdict);
        REQUIRE(result.existing == expected.existing);
    }

    std::string some_worker() {
        return worker_names_.empty() ? "" : worker_names_[below(worker_names_.size())];
    }

    void claim() {
        std::string const who = some_worker();
        if (who.empty()) return;
        ClaimParams params;
        params.incarnation = who;
        params.queues = {suite::main_queue};
        params.limit = 1 + below(3);
        std::uint64_t& number = numbers_[who];
        bool const is_repeat = number > 0 && one_in(4);
        params.number = is_repeat ? number - (number > 1 && one_in(3) ? 1 : 0) : ++number;
        say("claim", who.substr(0, 4), params.number, "limit", params.limit);

        auto const expected = model_.claim(who, params.number, params.limit);
        ClaimReply const reply = rig_.run(rig_.broker().claim(params));

        REQUIRE(reply.retired == !expected.has_value());
        auto given = suite::ids_of(reply.jobs);
        auto wanted = expected.value_or(std::vector<std::string>{});
        if (is_repeat) {  // no order is promised then
            std::sort(given.begin(), given.end());
            std::sort(wanted.begin(), wanted.end());
        }
        REQUIRE(given == wanted);
        for (JobRecord const& run : reply.jobs)
            runs_.push_back(run);
        while (runs_.size() > 12)
            runs_.pop_front();
    }

    void settle() {
        if (runs_.empty()) return;
        // Often a run that goes on, sometimes one that ended long ago.
        JobRecord const run = runs_[one_in(3) ? below(runs_.size()) : runs_.size() - 1];
        constexpr SettleKind kinds[] = {SettleKind::succeeded, SettleKind::retry,    SettleKind::failed,
                                        SettleKind::cancelled, SettleKind::released, SettleKind::note};
        Settlement report = suite::report(run, kinds[below(std::size(kinds))]);
        if (report.kind == SettleKind::retry || report.kind == SettleKind::failed)
            report.reason = FailReason::exception;
        report.delay = one_in(2) ? 0s : 5s;
        say("settle", run.ref.id, to_string(report.kind), report.token.incarnation.substr(0, 4),
            report.token.claim);

        auto const expected = model_.settle(report);
        Verdict const verdict = suite::settle(rig_, report);

        if (expected) REQUIRE(verdict == *expected);
    }

    void cancel() {
        std::string const id = some_id();
        say("cancel", id);
        auto const expected = model_.cancel(id);
        REQUIRE(suite::cancel(rig_, suite::ref(id)) == expected);
    }

    void beat() {
        std::string const who = some_worker();
        if (who.empty()) return;
        say("beat", who.substr(0, 4));
        auto const worker = model_.workers.find(who);
        if (worker != model_.workers.end()) worker->second.deadline = model_.now + lease;
        Beat beat;
        beat.incarnation = who;
        REQUIRE(rig_.run(rig_.broker().renew(beat)).retired == (worker == model_.workers.end()));
    }

    void end_or_begin_a_life() {
        if (model_.workers.size() < 3) {
            WorkerInfo worker;
            worker.incarnation = random_id();
            worker.queues = {suite::main_queue};
            worker.lease = lease;
            say("enlist", worker.incarnation.substr(0, 4));
            worker_names_.push_back(worker.incarnation);
            if (worker_names_.size() > 5) worker_names_.erase(worker_names_.begin());
            model_.workers[worker.incarnation].deadline = model_.now + lease;
            rig_.run(rig_.broker().enlist(worker));
            return;
        }
        std::string const who = some_worker();
        say("retire", who.substr(0, 4));
        model_.retire(who);
        rig_.run(rig_.broker().retire(who));
    }

    void operate() {
        std::string const id = some_id();
        switch (below(4)) {
        case 0:
            say("requeue", id);
            REQUIRE(rig_.run(rig_.inspector().requeue({suite::ref(id)})) == std::vector{model_.requeue(id)});
            break;
        case 1: {
            JobState const state = all_states[below(std::size(all_states))];
            say("purge", to_string(state));
            // What a state is called depends on when it was noticed.
            bool const is_certain = is_terminal(state) && state != JobState::expired;
            if (!is_certain) break;
            model_.purge(state);
            rig_.run(rig_.inspector().purge(suite::main_queue, {state}));
            break;
        }
        default:
            model_.paused = !model_.paused;
            say(model_.paused ? "pause" : "resume");
            rig_.run(model_.paused ? rig_.inspector().pause(suite::main_queue)
                                   : rig_.inspector().resume(suite::main_queue));
        }
    }

    void compare() {
        std::map<std::string, JobRecord> kept;
        for (JobRecord& record : suite::list_all(rig_))
            kept.emplace(record.ref.id, std::move(record));
        std::vector<std::string> ids;
        for (model::Job const& job : model_.jobs)
            ids.push_back(job.id);
        for (std::string const& id : ids) {
            auto const seen = kept.find(id);
            model_.notice(id, seen == kept.end() ? std::nullopt : std::optional{seen->second.state});
        }
        REQUIRE(kept.size() == model_.jobs.size());
        for (model::Job const& job : model_.jobs) {
            INFO("job " << job.id);
            REQUIRE(kept.contains(job.id));
            JobRecord const& record = kept.at(job.id);
            REQUIRE(to_string(record.state) == to_string(job.state));
            REQUIRE(record.counters == job.counters);
            REQUIRE(record.generation == job.generation);
            REQUIRE(record.cancel_requested == job.cancel_requested);
            REQUIRE(record.token == job.token);
            REQUIRE(record.expires == job.expires);
            if (!is_terminal(job.state)) REQUIRE(record.due == job.due);
            REQUIRE(record.finished == (is_terminal(job.state) ? std::optional{job.finished} : std::nullopt));
        }
        REQUIRE(rig_.run(rig_.inspector().workers()).size() == model_.workers.size());
    }

    static constexpr Duration lease = 30s;

    std::mt19937 random_;
    Rig rig_;
    model::Queue model_;
    std::vector<std::string> worker_names_;  // also some that are retired
    std::map<std::string, std::uint64_t> numbers_;
    std::deque<JobRecord> runs_;
    std::ostringstream story_;
};

// COHORT_SEED=n repeats one play.
template<class Rig>
void play_all(unsigned count) {
    char const* const given = std::getenv("COHORT_SEED");
    unsigned const first = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 1;
    if (given != nullptr) count = 1;
    for (unsigned seed = first; seed < first + count; ++seed) {
        Play<Rig> play{seed};
        INFO("COHORT_SEED=" << seed);
        for (int step = 0; step < 300; ++step)
            play.step();
    }
}

}  // namespace model
