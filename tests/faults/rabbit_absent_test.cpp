// SPDX-License-Identifier: MIT
// What RabbitMQ without a store has not, asked for at every moment: it is refused, with the way out, and no
// job minds.
#ifdef COHORT_FAULTS_RABBITMQ
#include "faults/jobs.hpp"
#include "faults/rabbit_store.hpp"
#include "faults/scenario.hpp"

#include <cohort/run.hpp>

#include <algorithm>

namespace rabbit_absent_test {

using namespace faults;

namespace {

// That it is refused, and what to use instead.
template<class Call>
bool is_refused(Call call) {
    try {
        call();
    } catch (cohort::Error const& error) {
        return error.which() == cohort::errc::not_supported &&
               std::string_view{error.what()}.find("use sqlite: or redis:") != std::string_view::npos;
    }
    return false;
}

}  // namespace

FAULT("F35", "rabbitmq",
      "cancellations at every moment are refused, and every job ends once, as if nobody had asked") {
    auto ids = stage.asker().enqueue({.job = "ok", .number = 3, .count = 200});
    stage.asker().wait(60s);
    std::shuffle(ids.begin(), ids.end(), stage.random);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i == 20) stage.start();
        if (stage.below(4) == 0) stage.pass(std::chrono::microseconds{stage.below(3000)});
        auto const job = stage.asker().client().client().find<>({"default", ids[i]});
        if (is_refused([&] { cohort::run(job.cancel()); })) ++refused;
    }
    CHECK(refused == ids.size());
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == ids.size());
    for (auto const& job : stage.store().read())
        CHECK(job.state == cohort::JobState::succeeded);
}

FAULT("F36", "rabbitmq", "a job that asks for a unique key is refused, and nothing of it is stored") {
    auto& store = static_cast<RabbitStore&>(stage.store());
    stage.asker().enqueue({.job = "ok", .number = 1});
    for (int i = 0; i < 20; ++i) {
        CHECK(is_refused([&] { stage.asker().client().enqueue_job<ok>({.unique = "key"}, 1); }));
        // In a batch, the others are not stored either.
        if (i == 10) {
            cohort::Batch batch;
            batch.add<ok>({}, 1);
            batch.add<ok>({.unique = "key"}, 1);
            CHECK(is_refused([&] { stage.asker().client().enqueue_batch(batch); }));
        }
    }
    CHECK(store.reader().depth(store.queue("jobs")).ready == 1);
    stage.start();
    stage.asker().wait(30s);
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == 1);
}

}  // namespace rabbit_absent_test
#endif
