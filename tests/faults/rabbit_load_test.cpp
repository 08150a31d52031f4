// SPDX-License-Identifier: MIT
// Much of everything on a RabbitMQ server that keeps no records: what it keeps of replies and of dead jobs.
#ifdef COHORT_FAULTS_RABBITMQ
#include "faults/jobs.hpp"
#include "faults/rabbit_way.hpp"
#include "faults/scenario.hpp"
#include "faults/usage.hpp"

#include <cohort/blocking_client.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace rabbit_load_test {

using namespace faults;

namespace {

// Of the client that has this address.
std::string replies_of(Stage& stage, std::string const& client) {
    return "cohort:" + rabbit_way(stage).space() + ":replies:" + client;
}

std::uint32_t ready_in(Stage& stage, std::string const& queue) {
    return rabbit_way(stage).reader().depth(queue).ready;
}

// Each look is a connection of its own.
bool drains(Stage& stage, std::string const& queue, cohort::Duration patience) {
    auto const end = ledger_time() + patience;
    while (ready_in(stage, queue) > 0 && ledger_time() < end)
        Stage::pass(100ms);
    return ready_in(stage, queue) == 0;
}

WorkerSetup many_slots(std::uint32_t slots) {
    WorkerSetup setup;
    setup.slots = slots;
    setup.lease = 10s * slowness;
    return setup;
}

}  // namespace

NIGHTLY_FAULT("F85", "rabbitmq",
              "two hundred results of a megabyte, three times: the server keeps none that was told") {
    stage.start(many_slots(8));
    cohort::BlockingClient client{stage.store().open(), {.reply_to = "big"}};
    constexpr int size = 1'000'000;
    std::vector<std::size_t> held;
    for (int round = 0; round < 3; ++round) {
        std::vector<std::tuple<int>> const calls(200, std::tuple{size});
        for (auto const& job : client.enqueue_jobs<big>(calls))
            CHECK(job.outcome(60s).value.value().size() == size);
        // What was told last is acked with the next watch.
        CHECK(drains(stage, replies_of(stage, "big"), 20s));
        held.push_back(usage_of().kilobytes);
    }
    INFO("KiB: " << held[0] << " " << held[1] << " " << held[2]);
    // Twice 64 MiB are remembered for who asks late.
    bool const can_weigh = slowness == 1;
    if (can_weigh) CHECK(held[2] < held[0] + 150'000);
    Verdicts verdicts;
    verdicts.jobs = 600;
    stage.record(verdicts);
}

NIGHTLY_FAULT("F86", "rabbitmq",
              "what is kept of ended jobs is bounded: replies to who is gone by number, dead jobs by age") {
    constexpr int thousands = 105;
    {
        cohort::BlockingClient client{stage.store().open(), {.reply_to = "gone"}};
        for (int i = 0; i < thousands; ++i) {
            cohort::Batch batch;
            for (int n = 0; n < 1000; ++n)
                batch.add<quick>(n);
            client.enqueue_batch(batch);
        }
        cohort::Batch batch;
        for (int n = 0; n < 1000; ++n)
            batch.add<fails>({.keep_error = 20s}, 5);
        client.enqueue_batch(batch);
    }
    auto& worker = stage.start(many_slots(64));
    auto const& way = rabbit_way(stage);
    CHECK(drains(stage, way.queue("jobs"), 5min));
    worker.stop();
    CHECK(worker.wait(20s) == 0);
    CHECK(stage.count("end") == 1000 * thousands);
    CHECK(ready_in(stage, replies_of(stage, "gone")) == 100'000);
    CHECK(ready_in(stage, way.queue("dead")) > 0);
    CHECK(drains(stage, way.queue("dead"), 60s));
    way.reader().remove(replies_of(stage, "gone"));
    Verdicts verdicts;
    verdicts.jobs = 1000 * (thousands + 1);
    stage.record(verdicts);
}

}  // namespace rabbit_load_test
#endif
