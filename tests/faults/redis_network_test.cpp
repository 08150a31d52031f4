// SPDX-License-Identifier: MIT
// A bad network between workers, clients and a server (F66 to F77), through the proxy of the tests. Waits are
// real: it is the server's time that passes.
#ifdef COHORT_FAULTS_REDIS
#include "faults/jobs.hpp"
#include "faults/network_scene.hpp"
#include "faults/redis_scene.hpp"
#include "support/certificates.hpp"

#include <cohort/open.hpp>
#include <cohort/run.hpp>

#include <optional>

using namespace faults;

namespace {

std::string way(Proxy const& network, std::string const& parameters = "timeout=1s&poll=1s") {
    return "redis://127.0.0.1:" + std::to_string(network.port()) + "?" + parameters;
}

// Clients and workers that come from now on go through this network.
void go_through(Stage& stage, Proxy const& network, std::string const& parameters = "timeout=1s&poll=1s") {
    store_of(stage).set_url(way(network, parameters));
}

// A poll, the time of its answer, and a second.
Road road(Stage& stage) {
    return {store_of(stage).port(), [&stage](Proxy const& network) { go_through(stage, network); },
            [&stage] { store_of(stage).set_url({}); }, (1s + 1s + 1s) * slowness};
}

}  // namespace

FAULT(
    "F66", "redis",
    "a worker's way to the server swallows everything: it notices, others run its jobs, and it comes back") {
    play_dead_end(stage, road(stage));
}

FAULT("F66", "redis",
      "a worker that waits for work notices that its way to the server is dead, and comes back") {
    play_dead_end_idle(stage, road(stage));
}

FAULT("F67", "redis", "what workers and clients say is lost for two leases: each job ends once") {
    Proxy network{store_of(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 60});
    stage.asker().wait(60s);
    WorkerSetup const setup;
    stage.start(setup);
    stage.until_ended(8 + stage.below(8));
    network.set(Way::to_server, "blackhole");
    stage.pass(2 * setup.lease);
    network.set(Way::to_server, "pass");
    stage.drain(60s);
    stage.check();
}

FAULT("F67", "redis",
      "what the server says is lost for two leases: an outcome that it has taken is not taken for refused") {
    Proxy network{store_of(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 60});
    stage.asker().wait(60s);
    WorkerSetup const setup;
    stage.start(setup);
    stage.until_ended(8 + stage.below(8));
    network.set(Way::to_client, "blackhole");
    stage.pass(2 * setup.lease);
    network.set(Way::to_client, "pass");
    stage.drain(60s);
    stage.check();
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "commit") CHECK(event.words[2] != "fenced");
    }
}

FAULT("F68", "redis", "one half of a connection is closed, from either side: it is noticed at once") {
    Proxy network{store_of(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 100});
    stage.asker().wait(60s);
    stage.start();
    stage.until_started(1);
    close_halves(stage, network, 6, 500ms);
    stage.drain(60s);
    stage.check();
}

FAULT("F69", "redis", "connections end in the middle of an answer: what was half said does not count") {
    Proxy network{store_of(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 10, .count = 40});
    stage.start();
    std::vector<std::uint64_t> cuts;
    for (std::uint64_t n = 0; n <= 64; n += 8)
        cuts.push_back(n);
    for (int i = 0; i < 24; ++i)
        cuts.push_back(stage.below(6000));
    int number = 0;
    for (auto const cut : cuts) {
        network.set(Way::to_client, "close_after(" + std::to_string(cut) + ")");
        std::string const id = "cut" + std::to_string(++number);
        // Its own connections: their greeting is cut, or the answer to the job.
        Asker asker{stage.store().open(), stage.ledger(), id};
        asker.enqueue_as(id, {.job = "ok", .number = 5});
        network.set(Way::to_client, "pass");
        auto const is_stored = [&] {
            return asker.enqueue_as(id, {.job = "ok", .number = 5}) == cohort::errc::ok;
        };
        CHECK(becomes_true(is_stored, longest_return));
    }
    stage.asker().wait(60s);
    stage.drain(60s);
    stage.check();
    CHECK(stage.store().read().size() == 40 + cuts.size());
}

namespace {

// All that is slow, and wrong only for who is impatient.
void play_slow(Stage& stage, std::string_view mode, int jobs, cohort::Duration timeout = 20s) {
    Proxy network{store_of(stage).port()};
    set_both(network, mode);
    go_through(stage, network, "poll=5s&timeout=" + cohort::to_string(timeout));
    stage.asker().enqueue({.job = "ok", .number = 5, .count = jobs});
    stage.asker().wait(10 * timeout);
    WorkerSetup setup;
    setup.slots = 16;
    setup.lease = timeout;
    setup.deadline = timeout;
    auto& worker = stage.start(setup);
    stage.drain(10 * timeout);
    set_both(network, "pass");
    stage.check();
    CHECK(stage.count("start") == static_cast<std::size_t>(jobs));
    worker.stop();
    CHECK(worker.wait(10s) == 0);
}

}  // namespace

FAULT("F70", "redis", "every piece comes 300 to 500 ms late: all jobs are right, and nothing is given up") {
    play_slow(stage, "delay(300,200)", 50);
}
NIGHTLY_FAULT("F70", "redis", "bytes come one by one, each 2 ms after the other: all jobs are right") {
    play_slow(stage, "drip(1,2)", 20, 60s);
}
FAULT("F70", "redis", "bytes come in drops of 64: all jobs are right") {
    play_slow(stage, "drip(64,1)", 50);
}
FAULT("F70", "redis", "bytes come one by one, each in a segment of its own: all jobs are right") {
    play_slow(stage, "frag(1)", 50);
}

FAULT("F73", "redis",
      "a server that is reached and says nothing: verbs end in time, and go on when it speaks") {
    Proxy network{store_of(stage).port()};
    network.accept("silent");
    go_through(stage, network);
    auto const begun = ledger_time();
    CHECK(stage.asker().enqueue_as("early", {.job = "ok", .number = 5}) == cohort::errc::unavailable);
    CHECK(ledger_time() - begun < 2s * slowness);
    stage.start();
    stage.pass(1500ms);
    network.accept("pass");
    auto const back = ledger_time();
    auto const is_stored = [&] {
        return stage.asker().enqueue_as("early", {.job = "ok", .number = 5}) == cohort::errc::ok;
    };
    CHECK(becomes_true(is_stored, longest_return));
    stage.drain();
    CHECK(ledger_time() - back < longest_return);
    stage.check();
}

FAULT("F74", "redis",
      "one of two workers is cut off for four leases: the other takes its jobs, and it comes back") {
    play_cut_off(stage, road(stage), WorkerSetup{}.recovery());
}

NIGHTLY_FAULT("F71", "redis",
              "bits are turned over on the way, below TLS: a job comes as it was stored, or not at all") {
    support::Certificates const certificates;
    int const port = support::free_port();
    auto options = certificates.server_options();
    options.insert(options.end(), {"--tls-port", std::to_string(port)});
    support::RedisServer const server{options};
    Proxy network{static_cast<std::uint16_t>(port)};
    std::string const url = "rediss://localhost:" + std::to_string(network.port()) +
                            "?timeout=1s&ca=" + certificates.file("ca.crt");
    auto const told = [](int i) { return "[\"" + std::to_string(i) + std::string(500, 'a') + "\"]"; };
    std::vector<cohort::JobRef> refs;
    {
        auto const broker = cohort::open_broker(url);
        std::vector<cohort::NewJob> jobs(100);
        for (int i = 0; i < 100; ++i) {
            auto& job = jobs[static_cast<std::size_t>(i)];
            job.ref = {"default", "j" + std::to_string(i)};
            job.name = "ok";
            job.arguments = told(i);
            refs.push_back(job.ref);
        }
        cohort::run(broker->push(jobs));
    }
    int read = 0;
    int failed = 0;
    for (int turn = 0; turn < 30; ++turn) {
        network.set(Way::to_client, "flip(" + std::to_string(2000 + stage.below(90'000)) + "," +
                                        std::to_string(stage.below(8)) + ")");
        auto const broker = cohort::open_broker(url);
        try {
            auto const records = cohort::run(broker->status(refs));
            for (int i = 0; i < 100; ++i) {
                auto const& record = records.at(static_cast<std::size_t>(i));
                REQUIRE(record.has_value());
                CHECK(record->name == "ok");
                CHECK(record->arguments == told(i));
            }
            ++read;
        } catch (cohort::Error const& error) {
            bool const is_known =
                error.which() == cohort::errc::unavailable || error.which() == cohort::errc::tls_failed;
            CHECK(is_known);
            ++failed;
        }
    }
    INFO(read << " were read, " << failed << " failed");
    CHECK(failed > 0);
    stage.record({});
}

NIGHTLY_FAULT("F76", "redis", "a hundred clients lose their server: they do not come back all at once") {
    play_lost_crowd(stage, road(stage), [](cohort::Broker& broker, int) {
        std::vector<cohort::JobRef> const refs{{"default", "none"}};
        CHECK_FALSE(cohort::run(broker.status(refs)).at(0).has_value());
    });
}
#endif
