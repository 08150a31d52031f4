// SPDX-License-Identifier: MIT
// Much of everything, for long.
#include "faults/jobs.hpp"
#include "faults/scenario.hpp"
#include "faults/usage.hpp"
#ifdef COHORT_FAULTS_SQLITE
#include "faults/sqlite_store.hpp"
#endif
#ifdef COHORT_FAULTS_REDIS
#include "faults/redis_store.hpp"
#endif
#ifdef COHORT_FAULTS_RABBITMQ
#include "faults/patience.hpp"
#include "faults/rabbit_way.hpp"
#endif

#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <set>
#include <sstream>

using namespace faults;

namespace {

// A sanitizer keeps what was freed.
constexpr bool can_weigh = slowness == 1;

}  // namespace

FAULT("F88", "sqlite redis memory rabbitmq+sqlite",
      "short jobs behind long ones: no worker claims more than it can run, and idle ones help") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 6000 * slowness, .count = 8});
    stage.asker().enqueue({.job = "ok", .number = 5, .count = 200});
    stage.asker().wait(60s);
    stage.start(2, setup);
    stage.until_started(8);
    stage.pass(300ms);
    std::size_t running = 0;
    for (auto const& job : stage.store().read())
        running += job.state == cohort::JobState::running ? 1 : 0;
    CHECK(running == 8);

    auto const joined = ledger_time();
    stage.start(setup);
    stage.until_ended(200);
    CHECK(ledger_time() - joined < 5500ms * slowness);
    stage.drain();
    stage.check();
    std::map<std::string, int> held;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "start") CHECK(++held[event.words[3]] <= 4);
        if (event.what == "end") --held[event.words[3]];
    }
}

namespace {

// One life of a client and a worker, and one job that leaves nothing behind.
void live(Stage& stage, int number) {
    // On RabbitMQ the results of a random address wait ten minutes for a client that does not come back.
    cohort::BlockingClient client{stage.store().open(), {.reply_to = "lives"}};
    cohort::WorkerOptions options;
    options.name = "w";
    options.concurrency = 2;
    cohort::Worker worker{stage.store().open(), options};
    worker.provide(std::make_shared<Who>(Who{"w", stage.ledger()}));
    cohort::BackgroundWorker background{worker};
    auto const id = "life" + std::to_string(number);
    auto const job = client.enqueue_job<quick>({.id = id, .keep_result = 2s}, number);
    job.outcome(10s);
    background.stop();
}

// So many, of which this process keeps nothing.
void live_and_die(Stage& stage, int lives, int warm_up) {
    Usage before;
    for (int i = 0; i < lives; ++i) {
        if (i == warm_up) before = usage_of();
        live(stage, i);
    }
    auto const after = usage_of();
    CHECK(after.descriptors == before.descriptors);
    CHECK(after.threads == before.threads);
    // Allocators keep some; 1 MiB per 1,000 jobs is the bound, and as much again for them.
    if (can_weigh) CHECK(after.kilobytes < before.kilobytes + 2048);
}

void check_lives(Stage& stage, int lives, int warm_up) {
    auto const open = stage.store().open();
    live_and_die(stage, lives, warm_up);
    CHECK(stage.store().enlisted() == 0);
    for (int i = 0; i < 500 && !stage.store().read().empty(); ++i) {
        cohort::UpkeepParams const params{{"default"}, 500};
        cohort::run(open->upkeep(params));
        stage.pass(10ms);
    }
    CHECK(stage.store().read().empty());
    CHECK(stage.store().damage().empty());
    CHECK(stage.count("start") == static_cast<std::size_t>(lives));
    Verdicts verdicts;
    verdicts.jobs = static_cast<std::size_t>(lives);
    stage.record(verdicts);
}

}  // namespace

FAULT("F89", "sqlite memory",
      "hundreds of lives of client and worker: no descriptor, thread, memory or row is left") {
    check_lives(stage, 400 / slowness, 50);
}
NIGHTLY_FAULT("F89", "sqlite memory",
              "a thousand lives of client and worker: no descriptor, thread, memory or row is left") {
    check_lives(stage, 1000 / slowness, 100);
}

// Each makes connections of its own.
FAULT("F89", "redis", "a hundred lives of client and worker: no descriptor, thread, memory or row is left") {
    check_lives(stage, 100, 20);
}

NIGHTLY_FAULT("F89", "redis",
              "a thousand lives of client and worker: no descriptor, thread, memory or row is left") {
    check_lives(stage, 1000 / slowness, 100);
}

#ifdef COHORT_FAULTS_RABBITMQ
namespace {

// What the server of the run has of a scenario. A connection's channels are its own, and end with it.
struct Holdings {
    std::size_t connections = 0;
    std::set<std::string> queues;
};

Holdings holdings(std::string const& space) {
    Holdings found;
    std::string const all = support::rabbitmqctl("-q list_connections client_properties");
    for (auto at = all.find(space); at != all.npos; at = all.find(space, at + 1))
        ++found.connections;
    std::istringstream names{support::rabbitmqctl("-q list_queues name")};
    for (std::string name; names >> name;) {
        if (name.find(space) != name.npos) found.queues.insert(name);
    }
    return found;
}

}  // namespace

FAULT("F89", "rabbitmq rabbitmq+sqlite",
      "a hundred lives of client and worker: no descriptor, thread, connection, channel or queue is left") {
    auto& way = rabbit_way(stage);
    std::string const polls = stage.store().fences() ? "poll=1s&" : "";
    way.set_parameters(polls + "timeout=2s&name=" + way.space());
    live(stage, 1000);
    auto const before = holdings(way.space());
    CHECK_FALSE(before.queues.empty());
    {
        // They are found by their name.
        cohort::BlockingClient client{stage.store().open(), {.reply_to = "lives"}};
        client.enqueue_job<quick>({.id = "open"}, 1);
        CHECK(becomes_true([&] { return holdings(way.space()).connections > 0; }, 20s));
    }
    constexpr int lives = 100 / slowness;
    live_and_die(stage, lives, 20);
    CHECK(becomes_true([&] { return holdings(way.space()).connections == 0; }, 20s));
    CHECK(holdings(way.space()).queues == before.queues);
    CHECK(stage.store().enlisted() == 0);
    CHECK(stage.count("start") == lives + 2);
    Verdicts verdicts;
    verdicts.jobs = lives + 2;
    stage.record(verdicts);
}
#endif

namespace {

void play_retention(Stage& stage) {
    constexpr int count = 20'000;
    WorkerSetup setup;
    setup.slots = 64;
    setup.lease = 10s * slowness;
    stage.asker().enqueue({.job = "quick", .count = count, .options = {.keep_result = 1s}});
    stage.start(setup);
    stage.drain(60s);
    for (int i = 0; i < 2000 && !stage.store().read().empty(); ++i)
        stage.pass(10ms);
    CHECK(stage.store().read().empty());
    CHECK(stage.store().damage().empty());
    CHECK(stage.count("end") == count);
    Verdicts verdicts;
    verdicts.jobs = count;
    stage.record(verdicts);
}

}  // namespace

FAULT("F86", "sqlite redis memory", "finished jobs go when their time has come, all of them") {
    play_retention(stage);
}
NIGHTLY_FAULT("F86", "rabbitmq+sqlite", "finished jobs go when their time has come, all of them") {
    play_retention(stage);
}

namespace {

// So many jobs, pushed, claimed and ended a thousand at a time; every tenth fails.
class Mill {
public:
    explicit Mill(cohort::Broker& broker) : broker_{broker} {
        cohort::WorkerInfo info;
        info.incarnation = incarnation_;
        info.queues = {"default"};
        info.lease = 10min;
        cohort::run(broker_.enlist(info));
    }
    ~Mill() { cohort::run(broker_.retire(incarnation_)); }
    Mill(Mill const&) = delete;
    Mill& operator=(Mill const&) = delete;

    void grind(int count, std::string const& text, cohort::Duration keep = 24h) {
        for (int done = 0; done < count; done += batch) {
            std::vector<cohort::NewJob> jobs(batch);
            for (auto& job : jobs) {
                job.ref = {"default", "m" + std::to_string(++made_)};
                job.name = "faults.quick";
                job.arguments = "[1]";
                job.policy.keep_result = keep;
                job.policy.keep_error = keep;
            }
            cohort::run(broker_.push(std::move(jobs)));
            cohort::ClaimParams const params{incarnation_, {"default"}, batch, ++claims_, 0s};
            std::vector<cohort::Settlement> settlements;
            for (auto const& run : cohort::run(broker_.claim(params)).jobs) {
                auto& settlement = settlements.emplace_back();
                settlement.ref = run.ref;
                settlement.token = *run.token;
                bool const fails = settlements.size() % 10 == 0;
                settlement.kind = fails ? cohort::SettleKind::failed : cohort::SettleKind::succeeded;
                (fails ? settlement.error : settlement.result) = text;
            }
            REQUIRE(settlements.size() == batch);
            auto const verdicts = cohort::run(broker_.settle(std::move(settlements)));
            CHECK(std::ranges::count(verdicts, cohort::Verdict::accepted) == batch);
        }
    }
    void look_after() {
        bool more = true;
        while (more)
            more = cohort::run(broker_.upkeep({{"default"}, 500})).more;
    }

private:
    static constexpr std::uint32_t batch = 1000;

    cohort::Broker& broker_;
    std::string const incarnation_ = cohort::random_id();
    std::uint64_t claims_ = 0;
    int made_ = 0;
};

struct Kept {
    std::size_t succeeded = 0;
    std::size_t failed = 0;
    std::size_t most_bytes = 0;  // of results, or of errors
};

Kept kept_by(Store& store) {
    Kept kept;
    std::size_t results = 0;
    std::size_t errors = 0;
    for (auto const& job : store.read()) {
        ++(job.state == cohort::JobState::succeeded ? kept.succeeded : kept.failed);
        results += job.result.size();
        errors += job.error.size();
    }
    kept.most_bytes = std::max(results, errors);
    return kept;
}

void play_limits(Stage& stage) {
    constexpr int part = 100'000 / slowness / 10'000 * 1000;  // a tenth
    stage.store().parameters = "max_ended=3000&max_ended_bytes=1MiB";
    // Without the history of each job, which would cost more than the jobs.
    auto const broker = stage.is_process() ? cohort::open_broker(stage.store().url()) : stage.store().open();
    Mill mill{*broker};
    for (int i = 0; i < 7; ++i) {
        mill.grind(part, "\"small\"");
        mill.look_after();
        auto const kept = kept_by(stage.store());
        CHECK(kept.succeeded <= 3000);
        CHECK(kept.failed <= 3000);
    }
    CHECK(kept_by(stage.store()).succeeded == 3000);
    for (int i = 0; i < 2; ++i) {
        mill.grind(part, "\"" + std::string(1000, 'x') + "\"");
        mill.look_after();
        auto const kept = kept_by(stage.store());
        CHECK(kept.most_bytes <= 1 << 20);
        CHECK(kept.succeeded < 1100);
        CHECK(kept.succeeded > 700);  // of a thousand bytes each, and what a store adds
    }
    CHECK(stage.store().damage().empty());
    CHECK(cohort::run(broker->inspector()->audit()).empty());
    cohort::run(broker->inspector()->purge("default",
                                           {std::begin(cohort::all_states), std::end(cohort::all_states)}));
    mill.grind(part, "1", 500ms);
    stage.pass(600ms);
    mill.look_after();
    CHECK(stage.store().read().empty());
    CHECK(stage.store().damage().empty());
    Verdicts verdicts;
    verdicts.jobs = static_cast<std::size_t>(10 * part);
    stage.record(verdicts);
}

}  // namespace

FAULT("F86", "sqlite redis memory",
      "a hundred thousand jobs end: what is kept of them stays within count, bytes and age") {
    play_limits(stage);
}
NIGHTLY_FAULT("F86", "rabbitmq+sqlite",
              "a hundred thousand jobs end: what is kept of them stays within count, bytes and age") {
    play_limits(stage);
}

namespace {

void play_own_limits(Stage& stage) {
    stage.store().parameters = "max_ended=100";
    WorkerSetup setup;
    setup.slots = 64;
    setup.lease = 10s * slowness;
    stage.asker().enqueue({.job = "quick", .count = 2000});
    stage.start(setup);
    stage.drain(60s);
    for (int i = 0; i < 1000 && stage.store().read().size() > 100; ++i)
        stage.pass(10ms);
    CHECK(stage.store().read().size() == 100);
    CHECK(stage.store().damage().empty());
    CHECK(stage.count("end") == 2000);
    Verdicts verdicts;
    verdicts.jobs = 2000;
    stage.record(verdicts);
}

}  // namespace

FAULT("F86", "sqlite redis memory", "workers keep to the limits of ended jobs by themselves") {
    play_own_limits(stage);
}
NIGHTLY_FAULT("F86", "rabbitmq+sqlite", "workers keep to the limits of ended jobs by themselves") {
    play_own_limits(stage);
}

namespace {

// The slow end of so many single claims, by a worker that hands everything back.
cohort::Duration slow_claim(cohort::Broker& broker) {
    cohort::WorkerInfo info;
    info.incarnation = cohort::random_id();
    info.queues = {"default"};
    info.slots = 1;
    cohort::run(broker.enlist(info));
    std::vector<cohort::Duration> times;
    for (std::uint64_t number = 1; number <= 300; ++number) {
        cohort::ClaimParams const params{info.incarnation, {"default"}, 1, number, 0s};
        auto const begun = ledger_time();
        cohort::run(broker.claim(params));
        times.push_back(ledger_time() - begun);
    }
    cohort::run(broker.retire(info.incarnation));
    std::sort(times.begin(), times.end());
    return times[times.size() * 95 / 100];
}

// The first page of the list of a queue.
std::size_t jobs_of_page(cohort::Broker& broker) {
    cohort::ListParams params;
    params.queue = "default";
    return cohort::run(broker.inspector()->list(params)).jobs.size();
}

// Redis looks at all jobs for it (docs/decisions/0022), slice by slice: nobody else waits until it is done.
void check_others_pass(Stage& stage, cohort::Broker& broker) {
    auto page = std::async(std::launch::async, [&] { return jobs_of_page(broker); });
    std::vector<cohort::Duration> times;
    do {
        auto const begun = ledger_time();
        stage.asker().client().enqueue_job<quick>(1);
        times.push_back(ledger_time() - begun);
    } while (page.wait_for(0s) != std::future_status::ready);
    CHECK(page.get() == 100);
    std::sort(times.begin(), times.end());
    auto const slow = times[times.size() * 95 / 100];
    INFO(times.size() << " jobs were pushed meanwhile, the slow ones in " << cohort::to_string(slow));
    CHECK(times.size() > 100);
    CHECK(slow < 50ms * slowness);
}

// In KiB: the file, the server's memory, or this process.
std::size_t held_by(Stage& stage) {
#ifdef COHORT_FAULTS_REDIS
    if (stage.broker() == "redis") {
        std::string const info = static_cast<RedisStore&>(stage.store()).server().ask("INFO memory");
        std::string const name = "used_memory:";
        return std::stoul(info.substr(info.find(name) + name.size())) / 1024;
    }
#endif
    return stage.is_process() ? std::filesystem::file_size(stage.file("jobs.db")) / 1024
                              : usage_of().kilobytes;
}

}  // namespace

NIGHTLY_FAULT("F84", "sqlite redis memory rabbitmq rabbitmq+sqlite",
              "a backlog of a million: claims are as quick as with a thousand, and little is held") {
    constexpr int thousand = 1000;
    stage.asker().enqueue({.job = "quick", .count = thousand});
    auto const broker = stage.store().open();
    auto const few = slow_claim(*broker);
    auto const lean = usage_of();
    for (int i = 1; i < thousand; ++i) {
        cohort::Batch batch;
        for (int n = 0; n < thousand; ++n)
            batch.add<quick>(n);
        stage.asker().client().enqueue_batch(batch);
    }
    auto const many = slow_claim(*broker);
    INFO(cohort::to_string(few) << " with a thousand, " << cohort::to_string(many) << " with a million");
    CHECK(many < 2 * few + 5ms);
    if (stage.is_process()) {
        if (can_weigh) CHECK(usage_of().kilobytes < lean.kilobytes + 100'000);
        WorkerSetup setup;
        setup.slots = 64;
        setup.lease = 10s * slowness;
        stage.start(setup);
        stage.until_ended(20'000);
    }
    if (stage.broker() == "redis") {
        check_others_pass(stage, *broker);
    } else if (broker->capabilities().inspect) {
        auto const begun = ledger_time();
        CHECK(jobs_of_page(*broker) == 100);
        CHECK(ledger_time() - begun < 200ms * slowness);
    }
#ifdef COHORT_FAULTS_RABBITMQ
    // The server is everybody's.
    if (stage.broker() == "rabbitmq") rabbit_way(stage).reader().remove(rabbit_way(stage).queue("jobs"));
#endif
    Verdicts verdicts;
    verdicts.jobs = 1'000'000;
    stage.record(verdicts);
}

NIGHTLY_FAULT("F85", "sqlite redis memory rabbitmq+sqlite",
              "two hundred results of a megabyte, twice: their space is used again") {
    WorkerSetup setup;
    setup.slots = 8;
    setup.lease = 10s * slowness;
    stage.start(setup);
    std::vector<std::size_t> sizes;
    for (int round = 0; round < 3; ++round) {
        stage.asker().enqueue(
            {.job = "big", .number = 1'000'000, .count = 200, .options = {.keep_result = 2s}});
        stage.drain(60s);
        for (int i = 0; i < 2000 && !stage.store().read().empty(); ++i)
            stage.pass(10ms);
        CHECK(stage.store().read().empty());
        sizes.push_back(held_by(stage));
    }
    INFO("KiB: " << sizes[0] << " " << sizes[1] << " " << sizes[2]);
    // How many are there at once, and so how much is needed, is the machine's to say: all two hundred at
    // most.
    std::size_t const once = 200 * 1'000'000 / 1024;
    if (can_weigh || stage.is_process()) CHECK(sizes[2] < 2 * once);
    // A server gives back what is deleted.
    if (stage.broker() == "redis") CHECK(sizes[2] < 20'000);
    Verdicts verdicts;
    verdicts.jobs = 600;
    stage.record(verdicts);
}
