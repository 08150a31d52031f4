// SPDX-License-Identifier: MIT
// Schedules: a job at each tick, by an interval or by a cron expression in a time zone. Any number of workers
// may keep the same ones; each tick is one job.
#include <cohort/cohort.hpp>

#include <atomic>
#include <iostream>

using namespace std::chrono_literals;

std::atomic<int> beats = 0;

// A tick's job may ask which tick it is for: after an outage it runs late.
void beat(cohort::Context& context, std::string const& who) {
    auto const tick = cohort::tick_of(context.job().ref.id);
    std::cout << who + " at " + cohort::to_string(*tick) + "\n";
    ++beats;
}
COHORT_JOB(beat);
COHORT_REGISTER(beat);

void clean_up(std::string const& folder) {
    std::cout << "cleaning " + folder + "\n";
}
COHORT_JOB(clean_up, .max_retries = 3);
COHORT_REGISTER(clean_up);

void keep_schedules(cohort::Worker& worker) {
    worker.schedule<beat>("pulse", cohort::every(1s), "beat");
    // At 3 in the morning in Madrid; when nobody is there at that time, up to twelve hours later.
    auto const nightly = cohort::cron("0 3 * * *", "Europe/Madrid");
    worker.schedule<clean_up>("nightly-clean-up", nightly, {.catch_up = 12h, .unique = "clean-up"}, "/tmp");
    std::cout << nightly.text() << ": next at "
              << cohort::to_string(nightly.next(cohort::system_clock().now())) << "\n";
}

cohort::awaitable<void> three_beats() {
    while (beats < 3)
        co_await cohort::sleep_for(50ms);
}

int main() {
    // Usually in processes of their own, each: worker_main(argc, argv, keep_schedules).
    cohort::Worker first{"sqlite:schedule.db"};
    cohort::Worker second{"sqlite:schedule.db"};
    keep_schedules(first);
    keep_schedules(second);
    cohort::BackgroundWorker first_running{first};
    cohort::BackgroundWorker second_running{second};
    cohort::run(three_beats());
}
