// SPDX-License-Identifier: MIT
// Records that a stranger, another version or a broken disk left in the file: they harm themselves at most,
// nothing else waits behind them, and whoever asks is told.
#include "inputs/stage.hpp"

#include <cohort/inspector.hpp>
#include <cohort/log.hpp>
#include <cohort/run.hpp>

#include <algorithm>
#include <ctime>
#include <limits>
#include <mutex>
#include <vector>

using namespace cohort;
using namespace inputs;

namespace {

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto most = std::numeric_limits<std::int64_t>::max();

std::int64_t number(std::int64_t value) {
    return value;
}

class CapturedLog {
public:
    CapturedLog() {
        set_log_sink([this](LogLevel, std::string_view line) {
            std::lock_guard const lock{mutex_};
            lines_.emplace_back(line);
        });
    }
    ~CapturedLog() { set_log_sink({}); }
    CapturedLog(CapturedLog const&) = delete;
    CapturedLog& operator=(CapturedLog const&) = delete;

    std::vector<std::string> lines() {
        std::lock_guard const lock{mutex_};
        return lines_;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

double processor_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::vector<std::string> audit(Stage& stage) {
    return run(stage.broker().inspector()->audit());
}

bool says(std::vector<std::string> const& sentences, std::string const& words) {
    return std::any_of(sentences.begin(), sentences.end(),
                       [&](auto const& sentence) { return sentence.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("a record of a later version waits for a program that can read it, and nothing waits behind it",
          "[B19]") {
    Stage stage;
    auto& stranger = stage.stranger();
    Columns const newer{{"record_version", number(99)}, {"priority", number(50)}};
    for (int i = 0; i < 20; ++i)
        stranger.write_job("newer-" + std::to_string(i), "inputs.add", "[1,2]", newer);
    for (int i = 0; i < 20; ++i)
        stranger.write_job("good-" + std::to_string(i), "inputs.add", "[20,22]");
    // One runs under a worker that is gone, and one of ours does.
    auto lost = newer;
    lost["id"] = "newer-lost";
    auto const seq = stranger.ask_for("inputs.add", "[1,2]", lost);
    stranger.insert("jobs_running", {{"seq", seq},
                                     {"queue", number(1)},
                                     {"attempt", number(1)},
                                     {"incarnation", std::string{"gone"}},
                                     {"claim_no", number(1)},
                                     {"started", Stranger::now()}});
    auto const good = stranger.ask_for("inputs.add", "[20,22]", {{"id", std::string{"good-lost"}}});
    stranger.insert("jobs_running", {{"seq", good},
                                     {"queue", number(1)},
                                     {"attempt", number(1)},
                                     {"incarnation", std::string{"gone"}},
                                     {"claim_no", number(1)},
                                     {"started", Stranger::now()}});

    stage.start();
    for (int i = 0; i < 20; ++i)
        CHECK(stage.outcome_of("good-" + std::to_string(i)).value->str() == "42");
    CHECK(stage.outcome_of("good-lost").value->str() == "42");

    // What waits does not make the worker restless.
    auto const before = processor_seconds();
    auto const later = stage.client().enqueue_named("inputs.add", "[1,1]", {.delay = 700ms});
    CHECK(later.result(10s).str() == "2");
    CHECK(processor_seconds() - before < 0.35);

    CHECK(stage.stranger().number("SELECT count(*) FROM jobs_ready") == 20);
    CHECK(stage.stranger().number(
              "SELECT count(*) FROM jobs_running JOIN jobs USING (seq) WHERE id = 'newer-lost'") == 1);
    auto const record = stage.client().find({"default", "newer-3"}).status();
    REQUIRE(record.has_value());
    CHECK(record->state == JobState::queued);
    CHECK(record->counters == Counters{});
    CHECK(says(audit(stage), "job default/newer-3 was written by a later version of Cohort"));
    auto const refused =
        refusal([&] { stage.client().enqueue_named("inputs.add", "[1,2]", {.id = "newer-3"}); });
    CHECK(refused.code == errc::bad_envelope);
    CHECK_THAT(refused.text, Catch::Contains("newer-3") && Catch::Contains("up to version 1") &&
                                 Catch::Contains("use a newer one, or another id"));
    CHECK(stage.client().find({"default", "newer-3"}).cancel() == CancelVerdict::unknown);
    CHECK(stage.still_works());
}

TEST_CASE("a job in a state that does not exist has failed, and an operator can send it back", "[B19]") {
    Stage stage;
    auto& stranger = stage.stranger();
    std::vector<Value> const states{number(99), number(-1),          number(256), number(0),
                                    most,       std::string{"done"}, 5.5};
    for (std::size_t i = 0; i < states.size(); ++i) {
        auto const seq = stranger.ask_for("inputs.add", "[20,22]", {{"id", "odd-" + std::to_string(i)}});
        stranger.insert("jobs_ended", {{"seq", seq},
                                       {"queue", number(1)},
                                       {"state", states[i]},
                                       {"finished", Stranger::now()},
                                       {"forget", Stranger::now() + 3'600'000'000}});
    }
    stage.start();
    for (std::size_t i = 0; i < states.size() - 1; ++i) {
        std::string const id = "odd-" + std::to_string(i);
        auto const outcome = stage.outcome_of(id);
        CAPTURE(id, outcome.error);
        CHECK(outcome.state == JobState::failed);
        CHECK(outcome.reason == FailReason::corrupt_state);
        CHECK(outcome.error.find("which does not exist") != std::string::npos);
        auto const record = stage.client().find({"default", id}).status();
        CHECK(record->reason == FailReason::corrupt_state);
    }
    CHECK(says(audit(stage), "is in a state that does not belong there"));
    CHECK(run(stage.broker().inspector()->requeue({{"default", "odd-0"}, {"default", "odd-4"}})) ==
          std::vector{true, true});
    CHECK(stage.client().find({"default", "odd-0"}).result(10s).str() == "42");
    CHECK(stage.client().find({"default", "odd-4"}).result(10s).str() == "42");
    CHECK(stage.still_works());
}

TEST_CASE("numbers beyond sense in a record are brought to the nearest that makes sense",
          "[B19][B24][B25][B27][B28]") {
    struct Case {
        std::string column;
        Value value;
    };
    std::vector<Case> cases;
    for (char const* column :
         {"priority", "due", "created", "max_retries", "max_lost", "timeout", "version"}) {
        for (auto const value : {least, number(-1), most})
            cases.push_back({column, value});
        cases.push_back({column, std::string{"many"}});
    }
    for (char const* backoff :
         {"", "garbage", "nan", "0 0 0 0", "-1 -1 -1 1", "1 1e400 1 1", "9223372036854775807 2 1 1"})
        cases.push_back({"backoff", std::string{backoff}});
    Stage stage;
    for (std::size_t i = 0; i < cases.size(); ++i)
        stage.stranger().write_job(std::to_string(i), "inputs.add", "[20,22]",
                                   {{cases[i].column, cases[i].value}});
    // Retention of nothing, less than nothing, and for ever.
    stage.stranger().write_job("kept", "inputs.add", "[20,22]",
                               {{"keep_result", most}, {"keep_error", most}});
    stage.stranger().write_job("not-kept", "inputs.add", "[20,22]", {{"keep_result", least}});
    // Far away, and never before.
    stage.stranger().write_job("later", "inputs.add", "[20,22]", {{"expires", least}});
    auto const seq =
        stage.stranger().ask_for("inputs.add", "[20,22]", {{"id", std::string{"far"}}, {"due", most}});
    stage.stranger().insert("jobs_later",
                            {{"queue", number(1)}, {"due", most}, {"seq", seq}, {"state", number(0)}});

    stage.start();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        auto const outcome = stage.outcome_of(std::to_string(i));
        CAPTURE(cases[i].column, i, outcome.error);
        CHECK(outcome.state == JobState::succeeded);
    }
    CHECK(stage.outcome_of("kept").value->str() == "42");
    CHECK(stage.outcome_of("later").state == JobState::expired);
    auto const before = processor_seconds();
    auto const delayed = stage.client().enqueue_named("inputs.add", "[1,1]", {.delay = 500ms});
    CHECK(delayed.result(10s).str() == "2");
    CHECK(processor_seconds() - before < 0.3);
    auto const far = stage.client().find({"default", "far"}).status();
    CHECK(far->state == JobState::scheduled);
    CHECK(stage.still_works());
}

TEST_CASE("a job that fails with an odd backoff is retried all the same", "[B27]") {
    Stage stage;
    for (char const* backoff : {"garbage", "0 0 0 0", "-1 -1 -1 1", "1 nan 1 1", "1 1e400 1 1"}) {
        stage.stranger().write_job(std::string{"b"} + backoff, "inputs.fail_with", R"(["no"])",
                                   {{"backoff", std::string{backoff}}, {"max_retries", number(1)}});
    }
    stage.start();
    for (char const* backoff : {"0 0 0 0", "-1 -1 -1 1", "1 nan 1 1"}) {
        auto const outcome = stage.outcome_of(std::string{"b"} + backoff);
        CAPTURE(backoff, outcome.error);
        CHECK(outcome.state == JobState::failed);
        CHECK(outcome.attempt == 2);
    }
    CHECK(stage.still_works());
}

TEST_CASE("a run with an impossible token is put back and run", "[B19]") {
    Stage stage;
    stage.start();
    REQUIRE(stage.still_works());
    auto& stranger = stage.stranger();
    std::string const living = stranger.text("SELECT incarnation FROM workers");
    struct Case {
        Value incarnation;
        Value claim;
    };
    std::vector<Case> const cases{{std::string{"gone"}, number(1)},
                                  {std::string{}, number(1)},
                                  {std::string(100'000, 'x'), number(0)},
                                  {Blob{"\x00\xff"}, number(1)},
                                  {living, number(0)},
                                  {living, number(-5)},
                                  {living, most},
                                  {living, least},
                                  {living, std::string{"first"}}};
    for (std::size_t i = 0; i < cases.size(); ++i) {
        auto const seq = stranger.ask_for("inputs.add", "[20,22]", {{"id", std::to_string(i)}});
        stranger.insert("jobs_running", {{"seq", seq},
                                         {"queue", number(1)},
                                         {"attempt", number(-3)},
                                         {"incarnation", cases[i].incarnation},
                                         {"claim_no", cases[i].claim},
                                         {"started", most}});
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
        auto const outcome = stage.outcome_of(std::to_string(i));
        CAPTURE(i, outcome.error);
        CHECK(outcome.state == JobState::succeeded);
    }
    CHECK(audit(stage) == std::vector<std::string>{});
    CHECK(stage.still_works());
}

TEST_CASE("a place without a job, or a second place of one, holds up nobody", "[B19]") {
    Stage stage;
    auto& stranger = stage.stranger();
    stranger.insert(
        "jobs_ready",
        {{"queue", number(1)}, {"rank", number(-100)}, {"due", number(0)}, {"seq", number(7777)}});
    stranger.insert("jobs_later",
                    {{"queue", number(1)}, {"due", number(0)}, {"seq", number(7778)}, {"state", number(0)}});
    stranger.insert("jobs_running", {{"seq", number(7779)},
                                     {"queue", number(1)},
                                     {"attempt", number(1)},
                                     {"incarnation", std::string{"gone"}},
                                     {"claim_no", number(1)},
                                     {"started", number(0)}});
    stranger.insert("jobs_ended", {{"seq", number(7780)},
                                   {"queue", number(1)},
                                   {"state", number(4)},
                                   {"finished", number(0)},
                                   {"forget", number(1)}});
    stranger.insert("jobs_past", {{"seq", number(7781)}, {"due", number(0)}});
    auto const done = stranger.write_job("done-and-ready", "inputs.add", "[1,2]");
    stranger.insert("jobs_ended", {{"seq", done},
                                   {"queue", number(1)},
                                   {"state", number(4)},
                                   {"finished", Stranger::now()},
                                   {"forget", Stranger::now() + 3'600'000'000},
                                   {"result", std::string{"3"}}});
    auto const runs = stranger.write_job("runs-and-ready", "inputs.add", "[20,22]");
    stranger.insert("jobs_running", {{"seq", runs},
                                     {"queue", number(1)},
                                     {"attempt", number(1)},
                                     {"incarnation", std::string{"gone"}},
                                     {"claim_no", number(1)},
                                     {"started", Stranger::now()}});
    for (int i = 0; i < 10; ++i)
        stranger.write_job("good-" + std::to_string(i), "inputs.add", "[20,22]");
    stage.start();
    for (int i = 0; i < 10; ++i)
        CHECK(stage.outcome_of("good-" + std::to_string(i)).value->str() == "42");
    CHECK(stage.outcome_of("done-and-ready").value->str() == "3");
    CHECK(stage.outcome_of("runs-and-ready").value->str() == "42");
    auto const sentences = audit(stage);
    CHECK(says(sentences, "which does not exist"));
    auto const before = processor_seconds();
    auto const delayed = stage.client().enqueue_named("inputs.add", "[1,1]", {.delay = 700ms});
    CHECK(delayed.result(10s).str() == "2");
    CHECK(processor_seconds() - before < 0.35);
}

TEST_CASE("an impossible name is one that nobody knows: the job waits, then fails in one short line",
          "[B01][B02][B03]") {
    std::vector<Value> const names{std::string{},
                                   std::string(10 << 20, 'x'),
                                   std::string{"in\0puts.add", 11},
                                   std::string{"inputs.add\n\x1b[31m"},
                                   std::string{"inputs add"},
                                   std::string{"{inputs}.add"},
                                   std::string{"nobody.knows"},
                                   Blob{"\xff\xfe"},
                                   number(5)};
    CapturedLog log;
    Stage stage;
    for (std::size_t i = 0; i < names.size(); ++i)
        stage.stranger().write_job(std::to_string(i), "", "[1,2]", {{"name", names[i]}});
    SECTION("it is left for other workers") {
        stage.start();
        CHECK(stage.still_works());
        for (std::size_t i = 0; i < names.size(); ++i) {
            auto const record = stage.client().find({"default", std::to_string(i)}).status();
            REQUIRE(record.has_value());
            CHECK_FALSE(is_terminal(record->state));
            CHECK(record->counters.failures == 0);
        }
    }
    SECTION("it fails when it has waited too long") {
        stage.start({.unknown_job = 0s});
        for (std::size_t i = 0; i < names.size(); ++i) {
            auto const outcome = stage.outcome_of(std::to_string(i));
            CAPTURE(i, outcome.error);
            CHECK(outcome.state == JobState::failed);
            CHECK(outcome.reason == FailReason::unknown_job);
            CHECK(outcome.error.starts_with("no worker knew a job function \""));
            CHECK(outcome.error.size() < 400);
            CHECK(outcome.error.find_first_of("\n\x1b") == std::string::npos);
        }
        CHECK(stage.still_works());
    }
    for (auto const& line : log.lines()) {
        CHECK(line.size() < 1000);
        CHECK(line.find_first_of("\n\x1b") == std::string::npos);
    }
    CHECK(log.lines().size() < 30);
}

TEST_CASE("a job with an impossible id runs like any other", "[B23]") {
    std::vector<std::string> const ids{"",     std::string(1024, 'i'), "../x", "a b", "new\nline", "\x1b[31m",
                                       "\xff", std::string{"a\0b", 3}, "a/b/c"};
    CapturedLog log;
    Stage stage;
    for (auto const& id : ids)
        stage.stranger().write_job(id, "inputs.add", "[20,22]");
    stage.start();
    for (auto const& id : ids)
        CHECK(stage.outcome_of(id).value->str() == "42");
    CHECK(stage.still_works());
    CHECK(log.lines().empty());
    // Ours are checked before they are stored.
    for (auto const& id : ids) {
        if (id.empty()) continue;  // none given: one is made
        auto const refused =
            refusal([&] { stage.client().enqueue_named("inputs.add", "[1,2]", {.id = id}); });
        CAPTURE(id, refused.text);
        CHECK(refused.code == errc::invalid_job_id);
        CHECK(refused.text.size() < 400);
        CHECK(refused.text.find("1 to 128 characters") != std::string::npos);
    }
}

TEST_CASE("an error or a result that a stranger wrote is told in a text that fits a terminal", "[B41][B42]") {
    Stage stage;
    auto& stranger = stage.stranger();
    auto const end = [&](std::string const& id, int state, Value error, Value result) {
        auto const seq = stranger.ask_for("inputs.add", "[1,2]", {{"id", id}});
        stranger.insert("jobs_ended", {{"seq", seq},
                                       {"queue", number(1)},
                                       {"state", number(state)},
                                       {"finished", Stranger::now()},
                                       {"forget", Stranger::now() + 3'600'000'000},
                                       {"result", std::move(result)}});
        stranger.insert(
            "jobs_past",
            {{"seq", seq}, {"due", Stranger::now()}, {"reason", number(77)}, {"error", std::move(error)}});
    };
    end("long", 5, std::string(10 << 20, 'x'), nullptr);
    end("odd", 5, std::string{"a\x1b[2J\xff\r\nb"}, nullptr);
    end("no-json", 4, nullptr, std::string{"{\"a\":"});
    end("other-type", 4, nullptr, std::string{"\"text\""});
    end("nothing", 4, nullptr, nullptr);

    for (std::string const id : {"long", "odd"}) {
        std::string text;
        try {
            stage.client().find({"default", id}).result(5s);
        } catch (JobFailed const& failed) {
            text = failed.what();
            CHECK(failed.reason() == FailReason::corrupt_state);
            CHECK(failed.error().size() <= 8192);
        }
        CHECK(text.find(id) != std::string::npos);
        CHECK(text.size() < 9000);
        CHECK(text.find_first_of("\x1b\r\xff") == std::string::npos);
    }
    for (std::string const id : {"no-json", "other-type", "nothing"}) {
        auto const refused = refusal([&] { stage.client().find<int>({"default", id}).result(5s); });
        CAPTURE(id, refused.text);
        CHECK((refused.code == errc::payload_syntax || refused.code == errc::result_encoding));
        CHECK(refused.text.find(id == "other-type" ? "result: expected an integer" : "at byte ") !=
              std::string::npos);
    }
}
