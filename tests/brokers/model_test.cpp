// SPDX-License-Identifier: MIT
// Random steps of three actors (a client, workers, an operator) against each broker and against the model:
// after each step both must have answered alike and hold the same jobs. Of a play that fails the shortest
// part is printed that still does, with its seed.
#include "brokers/conformance/suite.hpp"
#include "brokers/model.hpp"
#include "support/proxy_broker.hpp"
#include "support/shrink.hpp"
#include "support/slowness.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>

namespace {

using namespace cohort;
namespace suite = cohort::conformance;

// What an actor does, as numbers that do not depend on what was done before: any part of a play can be
// played.
struct Step {
    std::size_t place = 0;  // in the whole play
    std::array<std::uint32_t, 16> dice{};
};

std::vector<Step> make_play(unsigned seed, std::size_t length) {
    std::mt19937 random{seed};
    std::vector<Step> steps(length);
    for (std::size_t i = 0; i < length; ++i) {
        steps[i].place = i;
        for (auto& die : steps[i].dice)
            die = static_cast<std::uint32_t>(random());
    }
    return steps;
}

// The broker and the model do not agree.
struct Mismatch : std::runtime_error {
    using runtime_error::runtime_error;
};

template<class A, class B>
void expect_same(char const* what, A const& seen, B const& wanted) {
    if (seen == wanted) return;
    std::ostringstream text;
    text << what << ": " << Catch::Detail::stringify(seen) << ", and not "
         << Catch::Detail::stringify(wanted);
    throw Mismatch{text.str()};
}

// Stands between the play and the broker: a test puts a liar here.
using Wrap = std::function<std::shared_ptr<Broker>(std::shared_ptr<Broker>)>;

class Play {
public:
    Play(suite::Backend const& backend, Wrap const& wrap) : rig_{backend.make_rig()} {
        rig_->hold_time();
        rig_->checks_each_step = false;
        broker_ = rig_->open();
        if (wrap) broker_ = wrap(broker_);
        model_.now = rig_->clock().now();
        begun_ = model_.now;
    }

    void play(Step const& step) {
        dice_ = &step;
        next_die_ = 0;
        model_.now = rig_->clock().now();
        model_.forget();
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
            keep_up();
            break;
        case 12:
            operate();
            break;
        case 13:
            pass_time();
            break;
        }
        model_.now = rig_->clock().now();
        model_.forget();
        compare();
    }

    std::string story() const { return story_.str(); }

private:
    std::uint32_t below(std::size_t limit) {
        return dice_->dice.at(next_die_++) % static_cast<std::uint32_t>(limit);
    }
    bool one_in(unsigned count) { return below(count) == 0; }
    template<class... Words>
    void say(Words const&... words) {
        story_ << "  " << (rig_->clock().now() - begun_) / 1s << " s:";
        ((story_ << ' ' << words), ...);
        story_ << '\n';
    }
    template<class T>
    T ask(awaitable<T> operation) {
        return rig_->run(std::move(operation));
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
        PushResult const result = ask(broker_->push({job}))[0];
        expect_same("the push's verdict", result.verdict, expected.verdict);
        expect_same("the holder of the unique key", result.existing, expected.existing);
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
        say("claim", who.substr(28), params.number, "limit", params.limit);

        auto const expected = model_.claim(who, params.number, params.limit);
        ClaimReply const reply = ask(broker_->claim(params));

        expect_same("retired", reply.retired, !expected.has_value());
        auto given = suite::ids_of(reply.jobs);
        auto wanted = expected.value_or(std::vector<std::string>{});
        if (is_repeat) {  // no order is promised then
            std::sort(given.begin(), given.end());
            std::sort(wanted.begin(), wanted.end());
        }
        expect_same("the jobs given", given, wanted);
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
        say("settle", run.ref.id, to_string(report.kind), report.token.incarnation.view().substr(28),
            report.token.claim);

        auto const expected = model_.settle(report);
        Verdict const verdict = ask(broker_->settle({report}))[0];

        if (expected) expect_same("the settlement's verdict", to_string(verdict), to_string(*expected));
    }

    void cancel() {
        std::string const id = some_id();
        say("cancel", id);
        auto const expected = model_.cancel(id);
        expect_same("the cancellation's verdict", ask(broker_->cancel({suite::ref(id)}))[0], expected);
    }

    void beat() {
        std::string const who = some_worker();
        if (who.empty()) return;
        say("beat", who.substr(28));
        auto const worker = model_.workers.find(who);
        if (worker != model_.workers.end()) worker->second.deadline = model_.now + lease;
        Beat beat;
        beat.incarnation = who;
        BeatReply const reply = ask(broker_->renew(beat));
        expect_same("retired", reply.retired, worker == model_.workers.end());
        if (reply.retired) return;
        std::set<std::string> held;
        std::set<std::string> to_cancel;
        for (model::Job const& job : model_.jobs) {
            if (job.state != JobState::running || job.token->incarnation != who) continue;
            held.insert(job.id);
            if (job.cancel_requested) to_cancel.insert(job.id);
        }
        std::set<std::string> told;
        for (JobRef const& ref : reply.cancel)
            told.insert(ref.id);
        expect_same("the jobs to be cancelled", told, to_cancel);
        auto const strays = suite::ids_of(reply.strays);
        expect_same("the strays", std::set<std::string>(strays.begin(), strays.end()), held);
    }

    void end_or_begin_a_life() {
        if (model_.workers.size() < 3) {
            WorkerInfo worker;
            // Never the same one twice, and the same one in each play.
            worker.incarnation = std::string(28, 'a') + std::to_string(1000 + dice_->place);
            worker.queues = {suite::main_queue};
            worker.lease = lease;
            say("enlist", worker.incarnation.substr(28));
            worker_names_.push_back(worker.incarnation);
            if (worker_names_.size() > 5) worker_names_.erase(worker_names_.begin());
            model_.workers[worker.incarnation].deadline = model_.now + lease;
            ask(broker_->enlist(worker));
            return;
        }
        std::string const who = some_worker();
        say("retire", who.substr(28));
        model_.retire(who);
        ask(broker_->retire(who));
    }

    void keep_up() {
        say("upkeep");
        UpkeepParams params;
        params.queues = {suite::main_queue};
        ask(broker_->upkeep(params));
        model_.upkeep();
    }

    void pass_time() {
        auto const span = std::chrono::seconds{below(12)};
        say("wait", span / 1s);
        rig_->advance(span);
    }

    void operate() {
        std::string const id = some_id();
        switch (below(4)) {
        case 0:
            say("requeue", id);
            expect_same("requeued", ask(broker_->inspector()->requeue({suite::ref(id)}))[0],
                        model_.requeue(id));
            break;
        case 1: {
            JobState const state = all_states[below(std::size(all_states))];
            say("purge", to_string(state));
            // What a state is called depends on when it was noticed.
            bool const is_certain = is_terminal(state) && state != JobState::expired;
            if (!is_certain) break;
            model_.purge(state);
            ask(broker_->inspector()->purge(suite::main_queue, {state}));
            break;
        }
        default:
            model_.paused = !model_.paused;
            say(model_.paused ? "pause" : "resume");
            ask(model_.paused ? broker_->inspector()->pause(suite::main_queue)
                              : broker_->inspector()->resume(suite::main_queue));
        }
    }

    std::map<std::string, JobRecord> read_all() {
        std::map<std::string, JobRecord> kept;
        ListParams params;
        params.queue = suite::main_queue;
        params.limit = 1000;
        for (JobRecord& record : ask(broker_->inspector()->list(params)).jobs) {
            // Operators see what upkeep has not removed yet; to all others it is unknown.
            if (is_terminal(record.state) && forget_at(record) <= model_.now) continue;
            kept.emplace(record.ref.id, std::move(record));
        }
        return kept;
    }

    void compare() {
        auto const kept = read_all();
        std::vector<std::string> ids;
        for (model::Job const& job : model_.jobs)
            ids.push_back(job.id);
        for (std::string const& id : ids) {
            auto const seen = kept.find(id);
            model_.notice(id, seen == kept.end() ? std::nullopt : std::optional{seen->second.state});
        }
        std::set<std::string> seen_ids;
        std::set<std::string> wanted_ids;
        for (auto const& [id, record] : kept)
            seen_ids.insert(id);
        for (model::Job const& job : model_.jobs)
            wanted_ids.insert(job.id);
        expect_same("the jobs", seen_ids, wanted_ids);
        for (model::Job const& job : model_.jobs)
            compare_one(kept.at(job.id), job);
        expect_same("the number of workers", ask(broker_->inspector()->workers()).size(),
                    model_.workers.size());
        expect_same("the audit", ask(broker_->inspector()->audit()), std::vector<std::string>{});
    }

    void compare_one(JobRecord const& record, model::Job const& job) {
        auto const same = [&](char const* what, auto const& seen, auto const& wanted) {
            expect_same((job.id + "'s " + what).c_str(), seen, wanted);
        };
        auto const text = [](std::optional<Token> const& token) {
            return token ? to_string(*token) : "none";
        };
        auto const moment = [](std::optional<Instant> at) { return at ? to_string(*at) : "none"; };
        same("state", to_string(record.state), to_string(job.state));
        same("attempts", record.counters.attempt, job.counters.attempt);
        same("failures", record.counters.failures, job.counters.failures);
        same("losses", record.counters.lost, job.counters.lost);
        same("releases", record.counters.released, job.counters.released);
        same("generation", record.generation, job.generation);
        same("cancel_requested", record.cancel_requested, job.cancel_requested);
        same("token", text(record.token), text(job.token));
        same("expiry", to_string(record.expires), to_string(job.expires));
        if (!is_terminal(job.state)) same("due time", to_string(record.due), to_string(job.due));
        same("end", moment(record.finished),
             is_terminal(job.state) ? to_string(job.finished) : std::string{"none"});
        Ending const ending = ask(broker_->results({record.ref}))[0];
        same("ending is known", ending.known, true);
        same("ending", is_terminal(ending.state), is_terminal(job.state));
    }

    static constexpr Duration lease = 30s;

    std::unique_ptr<suite::Rig> rig_;
    std::shared_ptr<Broker> broker_;
    model::Queue model_;
    Instant begun_;
    Step const* dice_ = nullptr;
    std::size_t next_die_ = 0;
    std::vector<std::string> worker_names_;  // also some that are retired
    std::map<std::string, std::uint64_t> numbers_;
    std::deque<JobRecord> runs_;
    std::ostringstream story_;
};

// What was wrong, and what was done until then; nothing when all is well.
std::optional<std::string> fault_of(suite::Backend const& backend, std::vector<Step> const& steps,
                                    Wrap const& wrap) {
    Play play{backend, wrap};
    try {
        for (Step const& step : steps)
            play.play(step);
    } catch (Mismatch const& mismatch) {
        return play.story() + "  then " + mismatch.what();
    }
    return std::nullopt;
}

struct Minimal {
    std::vector<Step> steps;
    std::string text;
};

// Nothing when the play does not fail.
std::optional<Minimal> find_fault(suite::Backend const& backend, unsigned seed, std::size_t length,
                                  Wrap const& wrap = {}) {
    auto const steps = make_play(seed, length);
    if (!fault_of(backend, steps, wrap)) return std::nullopt;
    auto const fails = [&](std::vector<Step> const& some) {
        return fault_of(backend, some, wrap).has_value();
    };
    auto const minimal = support::shrink<Step>(steps, fails);
    std::string const text = *fault_of(backend, minimal, wrap);
    return Minimal{minimal, backend.name + ", COHORT_SEED=" + std::to_string(seed) + ", " +
                                std::to_string(minimal.size()) + " of " + std::to_string(length) +
                                " steps:\n" + text};
}

void check_plays(suite::Backend const& backend, unsigned plays, std::size_t length) {
    char const* const given = std::getenv("COHORT_SEED");
    unsigned const first = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 1;
    unsigned const count = given != nullptr ? 1 : plays;
    for (unsigned seed = first; seed < first + count; ++seed) {
        auto const fault = find_fault(backend, seed, length);
        if (fault) FAIL(fault->text);
    }
    SUCCEED();
}

suite::Backend const& backend_called(std::string const& name) {
    auto const& all = suite::backends();
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& backend) { return backend.name == name; });
    REQUIRE(found != all.end());
    return *found;
}

// Says that it has taken an outcome that it has refused.
class Liar : public support::ProxyBroker {
public:
    using ProxyBroker::ProxyBroker;

    awaitable<std::vector<Verdict>> settle(std::vector<Settlement> settlements) override {
        std::vector<Verdict> verdicts = co_await ProxyBroker::settle(std::move(settlements));
        std::replace(verdicts.begin(), verdicts.end(), Verdict::fenced, Verdict::accepted);
        co_return verdicts;
    }
};

// Forgets, of two jobs that come together with one key, that the first one has it.
class Forgetful : public support::ProxyBroker {
public:
    using ProxyBroker::ProxyBroker;

    awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs) override {
        for (NewJob& job : jobs)
            job.unique.clear();
        return ProxyBroker::push(std::move(jobs));
    }
};

template<class Proxy>
std::shared_ptr<Broker> wrapped(std::shared_ptr<Broker> broker) {
    return std::make_shared<Proxy>(std::move(broker));
}

template<class Proxy>
void check_found(std::size_t most_steps) {
    for (unsigned seed = 1;; ++seed) {
        REQUIRE(seed <= 20);
        auto const fault = find_fault(backend_called("memory"), seed, 300, wrapped<Proxy>);
        if (!fault) continue;
        INFO(fault->text);
        CHECK(fault->steps.size() <= most_steps);
        CHECK(fault->steps.size() >= 2);
        CHECK(fault->text.find("COHORT_SEED=" + std::to_string(seed)) != std::string::npos);
        // Nothing can be left out.
        for (std::size_t i = 0; i < fault->steps.size(); ++i) {
            auto less = fault->steps;
            less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
            CHECK_FALSE(fault_of(backend_called("memory"), less, wrapped<Proxy>).has_value());
        }
        return;
    }
}

}  // namespace

// COHORT_SEED=n repeats one play.
TEST_CASE("the memory broker does what the model does, step by step", "[model][T1-T16][timeout:240]") {
    check_plays(backend_called("memory"), 60 / support::slowness, 300);
}

TEST_CASE("the SQLite broker does what the model does, step by step", "[model][T1-T16][timeout:240]") {
    check_plays(backend_called("sqlite"), 12 / support::slowness, 200);
}

TEST_CASE("a broker that takes the outcome of a lost run is found out, in a few steps", "[model]") {
    check_found<Liar>(8);
}

TEST_CASE("a broker that forgets unique keys is found out, in a few steps", "[model]") {
    check_found<Forgetful>(2);
}
