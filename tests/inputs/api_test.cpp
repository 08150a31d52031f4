// SPDX-License-Identifier: MIT
// What a program asks for by mistake: refused at once, by name, with the value and with what would have been
// right, and before anything is stored.
#include "inputs/stage.hpp"
#include "worker/rig.hpp"

#include <cohort/context.hpp>
#include <cohort/inspector.hpp>
#include <cohort/register.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <thread>
#include <vector>

using namespace cohort;
using namespace inputs;

namespace api_test {

std::string echo(std::string text) {
    return text;
}
COHORT_JOB(echo);
double half(double x) {
    return x / 2;
}
COHORT_JOB(half);
std::size_t count(std::vector<int> numbers) {
    return numbers.size();
}
COHORT_JOB(count);
int echo_again(int n) {
    return n;
}
COHORT_JOB(echo_again, .name = "api_test.echo");

struct Case {
    EnqueueOptions options;
    errc code;
    std::string words;  // in the text
};

// Each is refused, and nothing of it is stored.
void check_refused(std::vector<Case> const& cases) {
    support::Rig rig;
    for (auto const& [options, code, words] : cases) {
        auto const refused = refusal([&] { (void)rig.client.enqueue_job<echo>(options, "x"); });
        CAPTURE(refused.text, words);
        CHECK(refused.code == code);
        CHECK(refused.text.starts_with(std::string{to_string(code)} + ": "));
        CHECK(refused.text.find(words) != std::string::npos);
        CHECK(refused.text.size() < 400);
    }
    CHECK(rig.loop.run(rig.broker->inspector()->queues()).empty());
}

void check_worker_refused(WorkerOptions options, errc code, std::string const& words) {
    auto const broker = memory::open(parse_url("memory:"));
    auto const refused = refusal([&] { Worker const worker{broker, options}; });
    CAPTURE(refused.text, words);
    CHECK(refused.code == code);
    CHECK(refused.text.find(words) != std::string::npos);
}

}  // namespace api_test

using namespace api_test;

TEST_CASE("a job name that cannot be one is refused with its place and the form", "[B01][B02]") {
    support::Rig rig;
    std::map<std::string, std::string> const cases{
        {"", "1 to 200 characters"},
        {std::string(201, 'x'), "200"},
        {std::string(10 << 20, 'x'), "200"},
        {"a\nb", "byte 0x0A at position 1 is not allowed"},
        {std::string{"a\0b", 3}, "byte 0x00 at position 1"},
        {"a\x1b[31m", "byte 0x1B at position 1"},
        {"a b", "byte 0x20 at position 1"},
        {"{a}", "byte 0x7B at position 0"},
        {"\xff", "byte 0xFF at position 0"},
    };
    for (auto const& [name, words] : cases) {
        auto const refused = refusal([&] { (void)rig.client.enqueue_named(name, "[]"); });
        CAPTURE(refused.text, words);
        CHECK(refused.code == errc::invalid_job_name);
        CHECK(refused.text.find(words) != std::string::npos);
        CHECK(refused.text.size() < 400);
    }
}

TEST_CASE("one name for two bodies is refused, and both places are named", "[B04]") {
    Worker worker{memory::open(parse_url("memory:"))};
    worker.add<echo>();
    CHECK_NOTHROW(worker.add<echo>());  // the same body twice is one job
    auto const refused = refusal([&] { worker.add<echo_again>(); });
    CHECK(refused.code == errc::duplicate_handler);
    auto const first = refused.text.find("api_test.cpp:");
    CHECK(first != std::string::npos);
    CHECK(refused.text.find("api_test.cpp:", first + 1) != std::string::npos);
}

TEST_CASE("a queue name that cannot be one is refused by client, worker and operator", "[B05]") {
    std::vector<std::string> const names{
        std::string(101, 'q'), "*", "#", "amq.topic", "{a}", "a:b", "a b", "a\n", "a/b", "é"};
    for (auto const& name : names) {
        CAPTURE(name);
        check_refused({{{.queue = name}, errc::invalid_queue_name, "queue name"}});
        check_worker_refused({.queues = {"default", name}}, errc::invalid_queue_name, "queue name");
        support::Rig rig;
        auto const paused = refusal([&] { rig.loop.run(rig.broker->inspector()->pause(name)); });
        CHECK(paused.code == errc::invalid_queue_name);
        auto const client =
            refusal([&] { Client const other{rig.loop.executor(), rig.broker, {.queue = name}}; });
        CHECK(client.code == errc::invalid_queue_name);
    }
    check_worker_refused({.queues = {}}, errc::invalid_queue_name, "needs a queue");
    check_worker_refused({.queues = {""}}, errc::invalid_queue_name, "queue name");
}

TEST_CASE("arguments that cannot travel are refused before anything is stored", "[B11][B12][B14][B16][B18]") {
    support::Rig rig;
    auto& client = rig.client;
    auto const check = [](Refusal const& refused, errc code, std::string const& words) {
        CAPTURE(refused.text, words);
        CHECK(refused.code == code);
        CHECK(refused.text.find(words) != std::string::npos);
        CHECK(refused.text.size() < 400);
    };
    for (double const x :
         {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()})
        check(refusal([&] { (void)client.enqueue_job<half>(x); }), errc::not_representable,
              "optional<double>");
    for (std::string const text : {"abc\xff", "\xc0\xaf", "\xed\xa0\x80"})
        check(refusal([&] { (void)client.enqueue_job<echo>(text); }), errc::invalid_utf8, "cohort::Bytes");
    std::string const too_long(max_payload_bytes, 'x');
    check(refusal([&] { (void)client.enqueue_job<echo>(too_long); }), errc::payload_too_large,
          "1048580 > 1048576 bytes; store it elsewhere");
    std::string const fits(max_payload_bytes - 4, 'x');
    CHECK(refusal([&] { (void)client.enqueue_job<echo>(fits); }).code == errc::ok);
    std::vector<int> const many(1'000'000, 1);
    check(refusal([&] { (void)client.enqueue_job<count>(many); }), errc::too_many_elements, "100000");
    check(refusal([&] { (void)client.enqueue_named("x", std::string(100'000, '[')); }),
          errc::payload_too_deep, "exceeds 64");
    check(refusal([&] { (void)client.enqueue_named("x", ""); }), errc::payload_syntax, "empty");
    check(refusal([&] { (void)client.enqueue_named("x", "{'a':1}"); }), errc::payload_syntax, "at byte 1");
    check(refusal([&] { (void)client.enqueue_named("x", R"({"a":1,"a":2})"); }), errc::payload_syntax,
          "\"a\"");
    CHECK(rig.loop.run(rig.broker->inspector()->queues()).empty());
}

TEST_CASE("odd texts that are UTF-8 come back byte for byte", "[B10][B13]") {
    Stage stage;
    stage.start();
    for (std::string const& text :
         {std::string{"a\0b", 3}, std::string{"\xf0\x9f\x8e\xb8"}, std::string{"\xef\xbb\xbfx"},
          std::string{"\x01\x1f\x7f\xc2\x85\xe2\x80\xa8"}, std::string{}}) {
        std::string encoded;
        JsonWriter writer{encoded};
        writer.value(std::vector<std::string>{text});
        auto const job = stage.client().enqueue_named("inputs.echo", encoded);
        CHECK(stage.client().find<std::string>(job.ref()).result(10s) == text);
    }
    auto const big = stage.client().enqueue_named("inputs.positive", "[18446744073709551615]");
    CHECK(stage.client().find<std::uint64_t>(big.ref()).result(10s) == UINT64_MAX);
}

TEST_CASE("an id of one's own is checked, and another job of it is refused", "[B23]") {
    std::string const long_id(129, 'x');
    check_refused({
        {{.id = long_id}, errc::invalid_job_id, "128"},
        {{.id = "../x"}, errc::invalid_job_id, "byte 0x2F at position 2"},
        {{.id = "a b"}, errc::invalid_job_id, "byte 0x20 at position 1"},
    });
    Stage stage;
    auto& client = stage.client();
    auto const first = client.enqueue_named("inputs.add", "[1,2]", {.id = "mine"});
    CHECK(client.enqueue_named("inputs.add", "[1,2]", {.id = "mine"}).ref() == first.ref());
    auto const other = refusal([&] { client.enqueue_named("inputs.add", "[1,3]", {.id = "mine"}); });
    CHECK(other.code == errc::duplicate_job_id);
    CHECK(other.text.find("default/mine") != std::string::npos);
    CHECK(first.status()->arguments == "[1,2]");
}

TEST_CASE("times that cannot be meant are refused, and none overflows", "[B24][B25][B26]") {
    constexpr Duration for_ever = Duration::max();
    constexpr Duration before_time = Duration::min();
    check_refused({
        {{.timeout = 0s}, errc::invalid_timeout, "must be more than 0"},
        {{.timeout = -5ms}, errc::invalid_timeout, "-5ms; must be more than 0"},
        {{.timeout = before_time}, errc::invalid_timeout, "must be more than 0"},
        {{.timeout = 24h * 366 * 11}, errc::invalid_timeout, "at most ten years"},
        {{.timeout = for_ever}, errc::invalid_timeout, "at most ten years"},
        {{.delay = -1s}, errc::invalid_delay, "-1s is negative"},
        {{.delay = before_time}, errc::invalid_delay, "is negative"},
        {{.delay = 24h * 366 * 101}, errc::invalid_delay, "more than 100 years"},
        {{.delay = for_ever}, errc::invalid_delay, "more than 100 years"},
        {{.eta = never}, errc::invalid_delay, "never"},
        {{.eta = Instant{} + 24h * 366 * 1001}, errc::invalid_delay, "1000 years"},
        {{.delay = 5s, .expires = 2s}, errc::invalid_expiry, "would expire 3s before it may start"},
        {{.expires = 0s}, errc::invalid_expiry, "must be more than 0"},
        {{.expires = -1s}, errc::invalid_expiry, "-1s must be more than 0"},
    });
    support::Rig rig;
    for (EnqueueOptions const& fine :
         {EnqueueOptions{.eta = Instant::min()}, EnqueueOptions{.eta = Instant{}},
          EnqueueOptions{.delay = 24h * 365 * 99}, EnqueueOptions{.expires = for_ever},
          EnqueueOptions{.timeout = 24h * 365 * 9}, EnqueueOptions{.keep_result = for_ever}}) {
        auto const stored = rig.loop.run(rig.client.enqueue_job<echo>(fine, "x"));
        auto const record = rig.loop.run(stored.status());
        CHECK((record->state == JobState::queued || record->state == JobState::scheduled));
    }
    auto const past = rig.loop.run(rig.client.enqueue_job<echo>({.eta = Instant{}}, "x"));
    CHECK(rig.loop.run(past.status())->state == JobState::queued);
    auto const job = rig.loop.run(rig.client.enqueue_job<echo>("x"));
    for (Duration const wait : {Duration{0}, Duration{-1s}, before_time})
        CHECK(refusal([&] { rig.loop.run(job.result(wait)); }).code == errc::invalid_timeout);
    CHECK(refusal([&] { Client const c{rig.loop.executor(), rig.broker, {.deadline = 0s}}; }).code ==
          errc::invalid_timeout);
    CHECK(refusal([&] { Client const c{rig.loop.executor(), rig.broker, {.call_timeout = -1s}}; }).code ==
          errc::invalid_timeout);
}

TEST_CASE("a job that is due in five hundred years waits for it quietly", "[B25]") {
    Stage stage;
    auto const eta = Instant{} + 24h * 365 * 530;
    auto const far = stage.client().enqueue_named("inputs.add", "[1,2]", {.eta = eta});
    stage.start();
    CHECK(stage.still_works());
    CHECK(far.status()->due == eta);
    CHECK(far.status()->state == JobState::scheduled);
}

TEST_CASE("a retry policy that cannot be meant is refused by its field", "[B27]") {
    auto const backoff = [](Duration initial, double factor, Duration max) {
        return EnqueueOptions{.backoff = Backoff{.initial = initial, .factor = factor, .max = max}};
    };
    check_refused({
        {{.max_retries = 0u - 1u}, errc::invalid_retry_policy, "max_retries"},
        {{.max_retries = 1u << 31}, errc::invalid_retry_policy, "2147483648"},
        {{.max_lost = 101}, errc::invalid_retry_policy, "max_lost"},
        {backoff(0s, 2, 1h), errc::invalid_retry_policy, "backoff.initial"},
        {backoff(1s, 0.5, 1h), errc::invalid_retry_policy, "backoff.factor"},
        {backoff(1s, std::nan(""), 1h), errc::invalid_retry_policy, "backoff.factor"},
        {backoff(1s, std::numeric_limits<double>::infinity(), 1h), errc::invalid_retry_policy,
         "backoff.factor"},
        {backoff(1min, 2, 1s), errc::invalid_retry_policy, "backoff.max"},
        {{.keep_result = -1s}, errc::invalid_retry_policy, "keep_result"},
        {{.keep_error = -1s}, errc::invalid_retry_policy, "keep_error"},
    });
    support::Rig rig;
    Policy policy;
    policy.max_retries = 1u << 31;
    CHECK(refusal([&] { Client const c{rig.loop.executor(), rig.broker, {.policy = policy}}; }).code ==
          errc::invalid_retry_policy);
}

TEST_CASE("a priority beyond its range is refused", "[B28]") {
    check_refused({
        {{.priority = 101}, errc::invalid_priority, "101 not in -100..100"},
        {{.priority = -101}, errc::invalid_priority, "-101 not in -100..100"},
        {{.priority = std::numeric_limits<int>::min()},
         errc::invalid_priority,
         "-2147483648 not in -100..100"},
    });
}

TEST_CASE("a worker of no slots or of too many is refused, and one whose lease cannot be kept",
          "[B24][B29][B30]") {
    check_worker_refused({.concurrency = 0}, errc::invalid_concurrency, "0 not in 1..4096");
    check_worker_refused({.concurrency = 10'000'000}, errc::invalid_concurrency, "10000000 not in 1..4096");
    check_worker_refused({.concurrency = 0u - 1u}, errc::invalid_concurrency, "not in 1..4096");
    check_worker_refused({.threads = 257}, errc::invalid_concurrency, "257 not in 0..256");
    check_worker_refused({.lease = 15s, .heartbeat = 10s}, errc::invalid_lease, "heartbeat 10s");
    check_worker_refused({.lease = 15s, .heartbeat = 10s}, errc::invalid_lease, "a third of the lease (15s)");
    check_worker_refused({.lease = 30s, .heartbeat = -1s}, errc::invalid_lease, "heartbeat -1s");
    check_worker_refused({.lease = 100ms}, errc::invalid_lease, "at least 300ms");
    check_worker_refused({.lease = -1s}, errc::invalid_lease, "at least 300ms");
    check_worker_refused({.upkeep = 0s}, errc::invalid_timeout, "upkeep");
    check_worker_refused({.grace = -1s}, errc::invalid_timeout, "grace");
    check_worker_refused({.cancel_grace = -1s}, errc::invalid_timeout, "grace");
    check_worker_refused({.unknown_job = -1s}, errc::invalid_timeout, "unknown_job");
    check_worker_refused({.deadline = 0s}, errc::invalid_timeout, "deadline");
}

TEST_CASE("a worker with the longest times there are works, and stops", "[B24]") {
    support::Rig rig;
    auto const longest = Duration::max();
    auto& worker = rig.start<echo>({.lease = longest,
                                    .upkeep = longest,
                                    .grace = longest,
                                    .cancel_grace = longest,
                                    .unknown_job = longest});
    auto const whole = [&]() -> awaitable<void> {
        std::string const text = co_await rig.client.call<echo>("x");
        CHECK(text == "x");
        worker.stop();
        co_await rig.stop();
    };
    rig.run(whole());
}

TEST_CASE("a URL that opens no broker says why, and shows no password", "[B35][B36][B37]") {
    std::map<std::string, std::string> const cases{
        {"", "is empty; write for example sqlite:jobs.db"},
        {"localhost", "has no scheme"},
        {"http://h", "unknown scheme in http://h; known are "},
        {"sqlite:q.db?tiemout=5", "unknown parameter \"tiemout\""},
        {"sqlite:q.db?durability=sometimes", "neither full nor normal"},
        {"memory:?durability=full", "unknown parameter \"durability\""},
        {"memory:?max_ended=0", "\"0\" is not a number of jobs; write 100000, or none"},
        {"sqlite:q.db?max_ended_bytes=lots", "\"lots\" is not a number of bytes; write 65536, 64KiB"},
        {"sqlite:q.db?max_endet=5", "did you mean \"max_ended\"?"},
        {"sqlite:a b.db", "position"},
        {"sqlite:a.db\n", "position"},
        {"sqlite://u:hunter2@h/x.db", "a file has no host"},
        {"http://u:hunter2@h", "unknown scheme in http://u:***@h"},
        {"redis://u:hun@hunter2@h", "ambiguous \"@\""},
        {"redis://u:hunter2%zz@h", "password"},
        {"redis+sentinel://u:hunter2@h1:1,h2:99999", "99999"},
    };
    for (auto const& [url, words] : cases) {
        auto const refused = refusal([&] { (void)open_broker(url); });
        CAPTURE(url, refused.text);
        CHECK((refused.code == errc::invalid_url || refused.code == errc::not_supported));
        CHECK(refused.text.find(words) != std::string::npos);
        CHECK(refused.text.find("hunter2") == std::string::npos);
        CHECK(refused.text.find('\n') == std::string::npos);
        // The same for a client and a worker that open it themselves.
        CHECK(refusal([&] { Client const client{url}; }).text == refused.text);
        CHECK(refusal([&] { Worker const worker{url}; }).text == refused.text);
        std::string trouble;
        CHECK(try_open_broker(url, &trouble) == nullptr);
        CHECK(trouble == refused.text);
    }
}

TEST_CASE("opening with a yes or a no throws nothing", "[R11]") {
    CHECK(try_open_broker("memory:") != nullptr);
    CHECK(try_open_broker("sqlite:/nowhere/at/all/q.db") == nullptr);
    std::string trouble;
    CHECK(try_open_broker("sqlite:/nowhere/at/all/q.db", &trouble) == nullptr);
    CHECK(trouble.find("does not exist") != std::string::npos);
}

TEST_CASE("a result of a job that is unknown, forgotten or of another queue is refused at once", "[B43]") {
    Stage stage;
    stage.start();
    auto& client = stage.client();
    auto const gone = client.enqueue_named("inputs.add", "[1,2]", {.keep_result = 0s});
    auto const here = client.enqueue_named("inputs.add", "[1,2]");
    CHECK(here.result(10s).str() == "3");
    CHECK(stage.still_works());
    auto const begun = std::chrono::steady_clock::now();
    for (auto const& ref : {JobRef{"default", "never"}, JobRef{"elsewhere", here.id()}, gone.ref()}) {
        auto const refused = refusal([&] { client.find(ref).result(30s); });
        CAPTURE(refused.text);
        CHECK(refused.code == errc::job_not_found);
        CHECK(refused.text.find(to_string(ref)) != std::string::npos);
        CHECK(refused.text.find("no longer kept") != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("what comes at the wrong time is refused by name, or does nothing", "[B44]") {
    auto const broker = memory::open(parse_url("memory:"));
    SECTION("after close") {
        BlockingClient client{broker};
        auto const job = client.enqueue_job<echo>("x");
        client.close();
        client.close();
        CHECK(refusal([&] { client.enqueue_job<echo>("x"); }).code == errc::closed);
        CHECK(refusal([&] { job.result(1s); }).code == errc::closed);
        CHECK(refusal([&] { BlockingClient{broker}.enqueue_job<echo>("x"); }).code == errc::ok);
    }
    SECTION("a handle of no client") {
        Job<int> const nobody;
        CHECK(refusal([&] { cohort::run(nobody.result(1s)); }).code == errc::closed);
        CHECK(refusal([&] { cohort::run(nobody.status()); }).code == errc::closed);
        CHECK(refusal([&] { cohort::run(nobody.cancel()); }).code == errc::closed);
        CHECK(refusal([&] { cohort::run(nobody.try_result()); }).code == errc::closed);
    }
    SECTION("a worker before, while and after it runs") {
        Worker worker{broker};
        worker.stop();
        worker.add<echo>();
        CHECK_NOTHROW(cohort::run(worker.run()));  // it was told to stop
        CHECK(refusal([&] { cohort::run(worker.run()); }).code == errc::already_started);
        CHECK(refusal([&] { worker.add<half>(); }).code == errc::already_started);
        CHECK(refusal([&] { worker.use(logged()); }).code == errc::already_started);
        CHECK(refusal([&] { worker.provide(std::make_shared<int>(1)); }).code == errc::already_started);
        CHECK(refusal([&] { worker.on_start([]() -> awaitable<void> { co_return; }); }).code ==
              errc::already_started);
        CHECK(refusal([&] { worker.on_stop([]() -> awaitable<void> { co_return; }); }).code ==
              errc::already_started);
        worker.stop();
        worker.stop_now();
    }
    SECTION("a worker that knows no job") {
        Worker worker{broker};
        worker.add([](Catalog&) {});
        auto const refused = refusal([&] { cohort::run(worker.run()); });
        CHECK(refused.code == errc::no_jobs);
        CHECK(refused.text.find("COHORT_REGISTER") != std::string::npos);
    }
    SECTION("jobs of two clients awaited together") {
        BlockingClient one{broker};
        BlockingClient other{broker};
        std::vector<BlockingJob<std::string>> const jobs{one.enqueue_job<echo>("x"),
                                                         other.enqueue_job<echo>("y")};
        CHECK(refusal([&] { one.wait_all(jobs, 1s); }).code == errc::invalid_config);
    }
    SECTION("one job awaited from many threads") {
        Worker worker{broker};
        worker.add<echo>();
        BackgroundWorker running{worker};
        BlockingClient client{broker};
        auto const job = client.enqueue_job<echo>("x");
        std::vector<std::string> texts(8);
        std::vector<std::thread> threads;
        for (auto& text : texts)
            threads.emplace_back([&] { text = job.result(10s); });
        for (auto& thread : threads)
            thread.join();
        CHECK(texts == std::vector<std::string>(8, "x"));
    }
}
