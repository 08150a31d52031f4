// SPDX-License-Identifier: MIT
// How much of a core does a worker use that has nothing to do?
#include "questions/asking.hpp"

#include <thread>

namespace bench {

namespace {

void wait_idly(Case const& what) {
    cohort::Worker worker{url_of(what), worker_options(what)};
    cohort::BackgroundWorker running{worker};
    std::this_thread::sleep_for(std::chrono::duration<double>{what.seconds / 10});  // it has begun by then
    auto const begun = SteadyClock::now();
    Usage const from = used_so_far();
    std::this_thread::sleep_for(std::chrono::duration<double>{what.seconds});
    Sample sample;
    sample.seconds = std::chrono::duration<double>{SteadyClock::now() - begun}.count();
    sample.worker = between(from, used_so_far());
    say(sample.line());
    running.stop();
}

Part const part{"idle", wait_idly};
Add const added{Question{
    .name = "idle",
    .says = "one worker process waits for jobs, concurrency 200, and none comes; worker_us is the CPU time "
            "of a second",
    .place = 6,
    .has_bodies = false,
    .concurrency = 200,
    .batch = 1,
    .measure = [](Case const& what) { return measure_in("idle", what); },
}};

}  // namespace

}  // namespace bench
