// SPDX-License-Identifier: MIT
// What the handle of a job can be asked, and for how long it is good.
#include "worker/rig.hpp"

#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>
#include <cohort/version.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace handle_test {

using cohort::awaitable;
using cohort::errc;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

awaitable<int> add_later(int a, int b) {
    co_await cohort::sleep_for(10s);
    co_return a + b;
}
COHORT_JOB(add_later, .keep_result = 1min);
int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);
std::string join(std::string first, std::string second, std::string between = ", ") {
    return first + between + second;
}
COHORT_JOB(join, .params = "first, second, between");
void fail() {
    throw std::runtime_error{"no paper"};
}
COHORT_JOB(fail);
void nothing() {}
COHORT_JOB(nothing, .keep_result = 0s);
cohort::Json echo(cohort::Json value) {
    return value;
}
COHORT_JOB(echo);
std::uint32_t version_of(cohort::Context& context) {
    if (context.job().version < 2) throw cohort::Discard{"made for clients of version 2"};
    return context.job().version;
}
COHORT_JOB(version_of, .version = 3);

// All that ends with an empty, a zero or a false result has a result nevertheless.
int zero() {
    return 0;
}
COHORT_JOB(zero);
std::string empty_text() {
    return {};
}
COHORT_JOB(empty_text);
bool no() {
    return false;
}
COHORT_JOB(no);
std::optional<int> null() {
    return std::nullopt;
}
COHORT_JOB(null);
std::vector<int> empty_list() {
    return {};
}
COHORT_JOB(empty_list);

template<class Job>
awaitable<errc> code_of_result(Job const& job) {
    errc code = errc::ok;
    try {
        co_await job.result(1h);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    co_return code;
}

namespace {

awaitable<void> before_and_after(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<add_later>(1, 2);
    auto const begun = rig.now();
    auto const early = co_await job.try_result();
    CHECK_FALSE(early.has_value());
    bool const in_time = co_await job.wait(3s);
    CHECK_FALSE(in_time);
    CHECK(rig.now() - begun == 3s);

    rig.start<add_later>();
    co_await cohort::sleep_for(1s);
    auto const running = co_await job.try_result();
    CHECK_FALSE(running.has_value());
    bool const ended = co_await job.wait(1h);
    CHECK(ended);
    for (int reading = 0; reading < 3; ++reading) {
        auto const value = co_await job.try_result();
        CHECK(value == 3);
        int const again = co_await job.result(1s);
        CHECK(again == 3);
    }
}

awaitable<void> failure_is_thrown(Rig& rig) {
    rig.start<fail>();
    auto const job = co_await rig.client.enqueue_job<fail>();
    bool const ended = co_await job.wait(1h);
    CHECK(ended);
    std::string text;
    try {
        co_await job.try_result();
    } catch (cohort::JobFailed const& error) {
        text = error.what();
        CHECK(error.job() == job.ref());
    }
    CHECK(text.find("no paper") != std::string::npos);
    CHECK(text.find(job.id()) != std::string::npos);
}

awaitable<void> falsy_results(Rig& rig) {
    rig.start<zero, empty_text, no, null, empty_list>();
    auto const a = co_await rig.client.enqueue_job<zero>();
    auto const b = co_await rig.client.enqueue_job<empty_text>();
    auto const c = co_await rig.client.enqueue_job<no>();
    auto const d = co_await rig.client.enqueue_job<null>();
    auto const e = co_await rig.client.enqueue_job<empty_list>();
    int const zero_value = co_await a.result(1min);
    std::string const text = co_await b.result(1min);
    bool const truth = co_await c.result(1min);
    auto const maybe = co_await d.result(1min);
    auto const list = co_await e.result(1min);
    CHECK(zero_value == 0);
    CHECK(text.empty());
    CHECK_FALSE(truth);
    CHECK_FALSE(maybe.has_value());
    CHECK(list.empty());
    auto const zero_again = co_await a.try_result();
    auto const null_again = co_await d.try_result();
    CHECK(zero_again == 0);
    REQUIRE(null_again.has_value());
    CHECK_FALSE(null_again->has_value());
}

awaitable<void> kept_for_its_time(Rig& rig) {
    rig.start<add_later>({.upkeep = 1s});
    auto const job = co_await rig.client.enqueue_job<add_later>(1, 2);
    co_await job.result(1h);
    std::vector<cohort::JobRef> const refs{job.ref()};
    for (int second = 0; second < 58; ++second) {
        auto asked = refs;
        auto const endings = co_await rig.broker->results(std::move(asked));
        REQUIRE(endings[0].result == "3");  // byte for byte, as often as it is asked for
        co_await cohort::sleep_for(1s);
    }
    co_await cohort::sleep_for(4s);
    errc const code = co_await code_of_result(job);
    CHECK(code == errc::job_not_found);
    cohort::ListParams list;
    list.queue = "default";
    auto const page = co_await rig.broker->inspector()->list(std::move(list));
    CHECK(page.jobs.empty());
}

awaitable<void> taken(Rig& rig) {
    rig.start<add, fail>();
    auto const job = co_await rig.client.enqueue_job<add>(1, 2);
    int const kept = co_await job.result(1min);
    int const taken = co_await job.take_result(1min);
    CHECK(kept == 3);
    CHECK(taken == 3);
    errc const code = co_await code_of_result(job);
    CHECK(code == errc::job_not_found);
    auto const record = co_await job.status();
    CHECK_FALSE(record.has_value());

    auto const failed = co_await rig.client.enqueue_job<fail>();
    bool thrown = false;
    try {
        co_await failed.take_result(1min);
    } catch (cohort::JobFailed const&) {
        thrown = true;
    }
    CHECK(thrown);
    auto const still = co_await failed.status();
    CHECK(still->state == JobState::failed);
}

awaitable<void> nothing_kept(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<nothing>();
    cohort::ListParams list;
    list.queue = "default";
    auto before = list;
    auto const one = co_await rig.broker->inspector()->list(std::move(before));
    CHECK(one.jobs.size() == 1);
    rig.start<nothing>();
    co_await cohort::sleep_for(5s);
    auto const none = co_await rig.broker->inspector()->list(std::move(list));
    CHECK(none.jobs.empty());
    auto const record = co_await job.status();
    CHECK_FALSE(record.has_value());
}

awaitable<void> outlives(Rig& rig, cohort::Job<int>& kept) {
    rig.start<add>();
    {
        cohort::Client client{rig.loop.executor(), rig.broker};
        kept = co_await client.enqueue_job<add>(1, 2);
        int const sum = co_await kept.result(1min);
        CHECK(sum == 3);
    }
    errc const code = co_await code_of_result(kept);
    CHECK(code == errc::closed);
    CHECK(kept.ref().queue == "default");
    // Another client finds it by what the handle still knows.
    auto const found = rig.client.find<int>(kept.ref());
    int const again = co_await found.result(1min);
    CHECK(again == 3);
}

awaitable<void> ids_and_arguments(Rig& rig) {
    rig.start<join, add>();
    auto const first = co_await rig.client.enqueue_job<join>("a", "b");
    auto const second = co_await rig.client.enqueue_job<join>("a", "b", "-");
    auto const named = co_await rig.client.enqueue_named("handle_test.join", R"({"second":"x","first":"y"})");
    auto const positional = co_await rig.client.enqueue_named("handle_test.join", R"(["x","y","+"])");
    std::set<std::string> const ids{first.id(), second.id(), named.id(), positional.id()};
    CHECK(ids.size() == 4);
    std::string const by_default = co_await first.result(1min);
    std::string const given = co_await second.result(1min);
    cohort::Json const by_name = co_await named.result(1min);
    cohort::Json const by_place = co_await positional.result(1min);
    CHECK(by_default == "a, b");
    CHECK(given == "a-b");
    CHECK(by_name.str() == R"("y, x")");
    CHECK(by_place.str() == R"("x+y")");

    // Three calls are three jobs, also with the same arguments.
    std::set<std::string> calls;
    for (int i = 0; i < 3; ++i) {
        auto const job = co_await rig.client.enqueue_job<add>(20, 22);
        int const sum = co_await job.result(1min);
        CHECK(sum == 42);
        calls.insert(job.id());
    }
    CHECK(calls.size() == 3);
}

awaitable<void> urns(Rig& rig) {
    cohort::Client client{rig.loop.executor(), rig.broker, {.ids = cohort::urn()}};
    rig.start<echo>();
    auto const form_of = [](std::string id) {
        auto const is_hex = [](char c) {
            return std::string_view{"0123456789abcdef"}.find(c) != std::string_view::npos;
        };
        for (std::size_t i = 9; i < id.size(); ++i)
            if (is_hex(id[i])) id[i] = '0';
        return id;
    };
    std::set<std::string> ids;
    for (int i = 0; i < 20; ++i) {
        cohort::Json const value{R"({"n":)" + std::to_string(i) + R"(,"list":[null,true,1.5,"ü"]})"};
        auto const job = co_await client.enqueue_job<echo>(value);
        CHECK(form_of(std::string{job.id()}) == "urn:uuid:00000000-0000-0000-0000-000000000000");
        CHECK(job.id().view()[23] == '4');  // the version, and then the variant
        CHECK(std::string_view{"89ab"}.find(job.id().view()[28]) != std::string_view::npos);
        ids.insert(job.id());
        cohort::Json const back = co_await job.result(1min);
        CHECK(back.str() == value.str());
        // The other side has the same one, and the result is found under it.
        auto const record = co_await job.status();
        CHECK(record->ref.id == job.id());
        auto const found = rig.client.find({"default", job.id()});
        cohort::Json const again = co_await found.result(1min);
        CHECK(again.str() == value.str());
    }
    CHECK(ids.size() == 20);
    std::string const mine = "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    auto const given = co_await client.enqueue_named("handle_test.echo", R"(["raw text"])", {.id = mine});
    CHECK(given.id() == mine);
    cohort::Json const raw = co_await given.result(1min);
    CHECK(raw.str() == R"("raw text")");
}

awaitable<void> envelope(Rig& rig) {
    cohort::Client client{rig.loop.executor(), rig.broker, {.name = "till"}};
    auto const job = co_await client.enqueue_job<join>("a", "b");
    auto const record = co_await job.status();
    CHECK(record->name == "handle_test.join");
    CHECK(record->arguments == R"({"first":"a","second":"b"})");
    CHECK(record->sender.starts_with("till@"));
    CHECK(record->sender.ends_with(std::string{", cohort "} + cohort::version()));
    CHECK(std::string{cohort::version()} == COHORT_VERSION);

    rig.start<version_of>();
    auto const of_this_version = co_await client.enqueue_job<version_of>();
    std::uint32_t const version = co_await of_this_version.result(1min);
    CHECK(version == 3);
    auto const unversioned = co_await client.enqueue_named("handle_test.version_of", "[]");
    auto const outcome = co_await unversioned.outcome(1min);
    CHECK(outcome.error == "made for clients of version 2");
}

awaitable<void> wait_for_sum(cohort::Job<int> job, int& sum) {
    sum += co_await job.result(1h);
}

awaitable<void> thousand_wait(Rig& rig) {
    std::vector<std::tuple<int, int>> calls;
    for (int i = 0; i < 1000; ++i)
        calls.emplace_back(i, 1);
    auto const jobs = co_await rig.client.enqueue_jobs<add>(calls);
    cohort::io::Scope scope;
    int sum = 0;
    for (auto const& job : jobs)
        scope.spawn(rig.loop.executor(), wait_for_sum(job, sum));
    co_await cohort::sleep_for(1s);
    rig.start<add>({.concurrency = 50});
    co_await scope.join();
    CHECK(sum == 999 * 1000 / 2 + 1000);
}

}  // namespace

TEST_CASE("before the end there is no result, after it there is one for ever", "[I08][I09][R08][R14]") {
    Rig rig;
    rig.run(before_and_after(rig));
}

TEST_CASE("asking for the result of a failed job throws what waiting throws", "[I09][I19]") {
    Rig rig;
    rig.run(failure_is_thrown(rig));
}

TEST_CASE("a result that is zero, empty, false or null is a result", "[I16][seed-fault]") {
    Rig rig;
    rig.run(falsy_results(rig));
}

TEST_CASE("a result is kept for its time, is not changed by reading, and then vanishes",
          "[I30][K10][seed-fault]") {
    Rig rig;
    rig.run(kept_for_its_time(rig));
}

TEST_CASE("a result is kept and read again, or taken and gone", "[I30]") {
    Rig rig;
    rig.run(taken(rig));
}

TEST_CASE("a job whose result nobody wants is one record, and none when it is done", "[R04]") {
    Rig rig;
    rig.run(nothing_kept(rig));
}

TEST_CASE("a handle outlives its client", "[R12]") {
    Rig rig;
    cohort::Job<int> kept;
    rig.run(outlives(rig, kept));
}

TEST_CASE("each call has an id of its own, and the body gets its arguments by place or by name",
          "[I07][S19][S20]") {
    Rig rig;
    rig.run(ids_and_arguments(rig));
}

TEST_CASE("ids may be URNs, under which results are found on both sides", "[R03][R15]") {
    Rig rig;
    rig.run(urns(rig));
}

TEST_CASE("a job says who sent it, and with which version", "[R05][S46]") {
    Rig rig;
    rig.run(envelope(rig));
}

TEST_CASE("a thousand coroutines wait for a thousand jobs", "[S26]") {
    Rig rig;
    rig.run(thousand_wait(rig));
}

}  // namespace handle_test
