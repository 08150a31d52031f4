// SPDX-License-Identifier: MIT
// What is different where a server keeps messages and no records: who asks late, or for what is gone, and
// what is in a queue that nobody of ours has put there. What is done to the server itself is in tests/e2e.
#ifdef COHORT_FAULTS_RABBITMQ
#include "faults/jobs.hpp"
#include "faults/patience.hpp"
#include "faults/rabbit_store.hpp"
#include "faults/scenario.hpp"

#include <cohort/client.hpp>
#include <cohort/open.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <csignal>
#include <optional>
#include <set>

namespace rabbit_faults_test {

using namespace faults;

namespace {

RabbitStore& store_of(Stage& stage) {
    return static_cast<RabbitStore&>(stage.store());
}

std::uint32_t ready(Stage& stage, std::string const& kind) {
    return store_of(stage).reader().depth(store_of(stage).queue(kind)).ready;
}

bool has_hung(Stage& stage) {
    return stage.count("hung") > 0;
}

}  // namespace

FAULT("F25", "rabbitmq", "a client dies after its enqueue: its jobs run, each once, and nobody minds") {
    auto client = stage.start_client({.job = "ok", .number = 10, .count = 100, .patience = 60s});
    stage.until("all is enqueued", [&](auto const&) { return stage.count("ok") == 100; });
    client.signal(SIGKILL);
    client.wait(5000);
    stage.start();

    stage.until_ended(100);
    stage.drain();
    CHECK(stage.store().damage().empty());
    // Its own wait died with it, so hung waits are not asked for here.
    CHECK(stage.count("start") == 100);
    // A report whose answer is late is made again, and accepted again.
    std::set<std::string> committed;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "commit") committed.insert(event.words[0]);
    }
    CHECK(committed.size() == 100);
    Verdicts verdicts;
    verdicts.jobs = 100;
    stage.record(verdicts);
}

FAULT("F26", "rabbitmq", "a client dies in the middle of a batch: each job is there whole, or not at all") {
    auto client = stage.start_client({.job = "ok", .count = 1000, .failpoints = "push.sent_no_reply=abort"});
    CHECK(client.wait(20'000) == 128 + SIGKILL);
    auto const stored = ready(stage, "jobs");
    CHECK(stored == 500);
    stage.start();
    stage.until_ended(stored);
    stage.drain();
    stage.check();
    CHECK(stage.count("end") == stored);
}

FAULT("F26", "rabbitmq", "the answer to half a batch is lost: the client says so, and each job is whole") {
    stage.arm("push.sent_no_reply=lose@2");
    stage.asker().enqueue({.job = "ok", .count = 1000});
    CHECK(stage.count("info") == 1000);
    CHECK(ready(stage, "jobs") == 1000);
    stage.start();
    stage.until_ended(1000);
    stage.drain();
    stage.check();
    CHECK(stage.count("end") == 1000);
}

FAULT("F27", "rabbitmq",
      "an enqueue without an answer is uncertain, and with the same id again its client hears of one end") {
    stage.arm("push.sent_no_reply=lose");
    CHECK(stage.asker().enqueue_as("twice", {.job = "ok", .number = 20}) == cohort::errc::uncertain);
    CHECK(stage.asker().enqueue_as("twice", {.job = "ok", .number = 20}) == cohort::errc::ok);
    stage.arm("push.before_send=throw");
    CHECK(stage.asker().enqueue_as("never", {.job = "ok", .number = 20}) == cohort::errc::unavailable);
    stage.asker().wait(30s);
    stage.start();

    stage.until_ended(2);  // nobody knows that it is there twice
    stage.drain();
    stage.check({.duplicates = 1});
    CHECK(stage.store().read().size() == 1);
    CHECK(stage.count("got") == 1);
}

FAULT("F28", "rabbitmq", "no server where the client looks: it says so in time, and keeps nothing back") {
    auto const begun = ledger_time();
    std::optional<cohort::errc> code;
    try {
        cohort::BlockingClient client{"amqp://127.0.0.1:1?timeout=500ms"};
        client.enqueue_job<ok>(1);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    CHECK(code == cohort::errc::unavailable);
    CHECK(ledger_time() - begun < 700ms * slowness);
    stage.record({});
}

namespace {

// Nobody else may wait for its jobs: it pushes them itself.
cohort::awaitable<void> push_and_wait(cohort::Client& client, std::shared_ptr<Ledger> ledger,
                                      std::string id) {
    ledger->write("invoke", {id});
    auto const job = co_await client.enqueue_job<ok>({.id = id}, 10);
    ledger->write("ok", {id, "ok"});
    co_await job.ending(60s);
}

}  // namespace

FAULT("F32", "rabbitmq", "the loop of a hundred waits is destroyed: nothing of them is touched again") {
    std::size_t promised = 0;
    for (bool const client_first : {true, false}) {
        auto context = std::make_unique<boost::asio::io_context>();
        auto client = std::make_unique<cohort::Client>(context->get_executor(), stage.store().open());
        for (int i = 0; i < 100; ++i) {
            auto const id = (client_first ? "a" : "b") + std::to_string(i);
            boost::asio::co_spawn(*context, push_and_wait(*client, stage.ledger(), id),
                                  [](std::exception_ptr) {});
        }
        auto const end = ledger_time() + 20s;
        while (stage.count("ok") < promised + 100 && ledger_time() < end)
            context->run_for(5ms);
        promised += 100;
        CHECK(stage.count("ok") == promised);
        context->run_for(std::chrono::milliseconds{20 + stage.below(100)});
        if (client_first) client.reset();
        context.reset();
        client.reset();
    }
    // The jobs do not mind.
    stage.start();
    stage.until_ended(promised);
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == promised);
}

FAULT("F34", "rabbitmq", "jobs that are awaited are purged: the wait ends when its own time is over") {
    stage.asker().enqueue({.job = "ok", .number = 1, .count = 3});
    stage.asker().wait(1s);
    store_of(stage).reader().purge(store_of(stage).queue("jobs"));
    stage.until("the wait ends", [](auto const& events) {
        return std::any_of(events.begin(), events.end(), [](Event const& event) {
            return event.what == "wait_ended" && event.words[0] == "timed_out";
        });
    });
    stage.start();
    CHECK(stage.asker().client().enqueue_job<ok>(1).result(10s).find('/') != std::string::npos);
    CHECK_FALSE(has_hung(stage));
    stage.record({});
}

FAULT("F51", "rabbitmq",
      "the queue is deleted while jobs run and are awaited: those that run end, and new ones run at once") {
    stage.asker().enqueue({.job = "ok", .number = 500, .count = 50});
    stage.asker().wait(4s);
    stage.start(2);
    stage.until_started(8);
    store_of(stage).reader().remove(store_of(stage).queue("jobs"));
    // RabbitMQ 3.10 swallows what goes to a queue that is declared again in the very moment
    // (docs/brokers/rabbitmq.md).
    stage.pass(300ms);
    auto const begun = ledger_time();
    CHECK(stage.asker().client().enqueue_job<ok>(1).result(10s).find('/') != std::string::npos);
    CHECK(ledger_time() - begun < 5s * slowness);
    stage.asker().join();
    CHECK_FALSE(has_hung(stage));
    CHECK(stage.count("got") >= 8);
    CHECK(stage.count("got") < 50);
    stage.record({});
}

FAULT("F54", "rabbitmq", "messages that are no jobs are laid aside, and the others do not mind") {
    stage.asker().enqueue({.job = "ok", .number = 1});
    auto const& reader = store_of(stage).reader();
    reader.publish(store_of(stage).queue("jobs"), "", "[1]");
    reader.publish(store_of(stage).queue("jobs"), "two words", "not even JSON");
    stage.asker().enqueue({.job = "ok", .number = 1, .count = 20});
    stage.asker().wait(30s);
    stage.start();
    stage.drain();
    CHECK(becomes_true([&] { return ready(stage, "dead") == 2; }, 5s));
    for (auto const& job : reader.dead(store_of(stage).queue("dead")))
        CHECK(job.reason == cohort::FailReason::bad_payload);
    stage.check();
    CHECK(stage.count("start") == 21);
}

NIGHTLY_FAULT("F78", "rabbitmq",
              "workers an hour fast and an hour slow: delays are the server's, and no job runs twice") {
    WorkerSetup fast;
    fast.skew = 1h;
    WorkerSetup slow;
    slow.skew = -1h;
    stage.start(fast);
    stage.start(slow);
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 100});
    stage.asker().enqueue({.job = "flaky", .number = 1, .count = 20, .options = {.max_retries = 3}});
    auto const begun = ledger_time();
    constexpr cohort::Duration delay = 3s;
    stage.asker().enqueue({.job = "ok", .number = 5, .count = 20, .options = {.delay = delay}});
    auto const pushed = ledger_time();
    stage.asker().wait(60s);
    stage.drain();
    stage.check();
    std::size_t late = 0;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        // The last twenty were delayed.
        if (event.what != "start" || event.words[0] <= "j000120") continue;
        ++late;
        CHECK(event.at >= begun + delay);
        CHECK(event.at < pushed + delay + 2s * slowness);
    }
    CHECK(late == 20);
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 0);
}

}  // namespace rabbit_faults_test
#endif
