// SPDX-License-Identifier: MIT
// The loop that watches the event loops of the bodies, from a thread of its own. A body that blocks one
// blocks all that share it, and what the worker itself does there: claims, and the outcomes of coroutine
// bodies.
#include "io/alarm.hpp"
#include "worker/run.hpp"
#include "worker/runners.hpp"
#include "worker/shared.hpp"

#include <cohort/log.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>

namespace cohort {

namespace {

constexpr Duration interval = 500ms;  // between looks
constexpr Duration long_lag = 1s;     // is told,
constexpr Duration silence = 1min;    // but of each loop not more often

// The clock that does not count suspend: a machine that sleeps blocks nobody.
Duration steady() {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

// Something that was put on a loop, and when the loop came to it.
struct Knock {
    Duration at{};
    std::atomic<Duration::rep> heard = 0;  // 0: not yet
};

struct Watched {
    std::shared_ptr<Knock> knock;
    std::optional<Duration> told;
};

void knock_at(Watched& watched, boost::asio::any_io_executor const& executor) {
    watched.knock = std::make_shared<Knock>();
    watched.knock->at = steady();
    boost::asio::post(executor, [knock = watched.knock] { knock->heard = steady().count(); });
}

// Which of them holds the loop cannot be seen from outside: all that it was given are named, oldest first.
std::string names_of_bodies(Worker::Shared const& shared, Line const& line) {
    constexpr std::size_t most = 5;
    std::size_t count = 0;
    std::string names;
    for (auto const& run : shared.runs.all()) {
        if (run->line != &line || run->is_settled()) continue;
        if (++count > most) continue;
        if (!names.empty()) names += ", ";
        names += one_line(run->job().name, 100) + " (" + to_string(run->job().ref) + ")";
    }
    if (count > most) names += " and " + std::to_string(count - most) + " more";
    return names;
}

void tell(Worker::Shared const& shared, Line const& line, Duration lag) {
    auto const names = names_of_bodies(shared, line);
    shared.log(LogLevel::warn,
               "an event loop has not turned for " + to_string(lag) + ", held up by " +
                   (names.empty() ? std::string{"a body"} : "one of: " + names) +
                   "; a body that blocks must be a plain function, which runs on a thread of the pool");
}

void look(Worker::Shared& shared, std::size_t index, Watched& watched) {
    auto const heard = Duration{watched.knock->heard.load()};
    auto const now = steady();
    auto const lag = (heard > 0s ? heard : now) - watched.knock->at;
    {
        std::lock_guard lock{shared.mutex};
        shared.stats.loop_lag = std::max(shared.stats.loop_lag, lag);
    }
    bool const is_due = !watched.told || now - *watched.told >= silence;
    if (lag >= long_lag && is_due) {
        tell(shared, shared.line_of(index), lag);
        watched.told = now;
    }
    if (heard > 0s) knock_at(watched, shared.runners[index]->executor());
}

}  // namespace

awaitable<void> watch_loops(std::shared_ptr<Worker::Shared> shared) {
    std::vector<Watched> all(shared->loops.size());
    auto slept = interval;
    for (;;) {
        // Who has overslept himself has been stopped, and the loops with him; or the machine has no time for
        // any.
        bool const is_fair = slept < 2 * interval;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].knock && is_fair)
                look(*shared, i, all[i]);
            else
                knock_at(all[i], shared->runners[i]->executor());
        }
        auto const before = steady();
        co_await io::sleep_for(interval);
        slept = steady() - before;
    }
}

}  // namespace cohort
