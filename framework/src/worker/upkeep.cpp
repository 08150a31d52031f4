// SPDX-License-Identifier: MIT
// The loop that does for the broker what nobody asks for: jobs of dead workers, expiry, retention.
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "worker/shared.hpp"

#include <cohort/log.hpp>

#include <algorithm>

namespace cohort {

awaitable<void> keep_up(std::shared_ptr<Worker::Shared> shared) {
    std::uint32_t failures = 0;
    for (;;) {
        // Jittered by a fifth, so that many workers do not come at once.
        auto const factor = 0.8 + 0.4 * shared->random_fraction();
        auto const interval = std::min<Duration>(shared->options.upkeep, 24h * 365);  // longer is never, too
        auto const pause = std::chrono::duration_cast<Duration>(interval * factor);
        co_await io::sleep_for(pause);
        if (!shared->may_judge_others()) continue;
        std::exception_ptr trouble;
        try {
            bool more = true;
            while (more) {
                UpkeepParams params;
                params.queues = shared->options.queues;
                UpkeepReply const reply = co_await shared->front.upkeep(std::move(params));
                more = reply.more;
                if (reply.recovered + reply.died > 0) {
                    shared->log(LogLevel::warn, "workers died: " + std::to_string(reply.recovered) +
                                                    " of their jobs wait again, " +
                                                    std::to_string(reply.died) + " failed for good");
                }
            }
            failures = 0;
        } catch (...) {
            trouble = std::current_exception();
        }
        if (!trouble) continue;
        if (io::is_aborted(trouble)) co_return;
        report(*shared, "upkeep", trouble, ++failures);
    }
}

}  // namespace cohort
