// SPDX-License-Identifier: MIT
#include "worker/limits.hpp"

#include "io/alarm.hpp"
#include "worker/run.hpp"

#include <boost/asio/this_coro.hpp>

#include <vector>

namespace cohort {

void Limits::add(std::shared_ptr<Run> const& run, Duration now) {
    bool is_first = false;
    {
        std::lock_guard lock{mutex_};
        auto const at = now + run->job().policy.timeout;
        is_first = limits_.empty() || at < limits_.begin()->at;
        limits_.insert(Limit{at, run.get(), run});
        run->limit_at = at;
    }
    if (is_first) changed_.wake();
}

void Limits::remove(Run const& run) {
    std::lock_guard lock{mutex_};
    if (run.limit_at) limits_.erase(Limit{*run.limit_at, &run, {}});
}

awaitable<void> Limits::enforce(Duration cancel_grace) {
    auto executor = co_await boost::asio::this_coro::executor;
    for (;;) {
        auto const now = io::steady_now(executor);
        std::optional<Duration> next;
        std::vector<std::shared_ptr<Run>> tell;
        std::vector<std::shared_ptr<Run>> give_up;
        {
            std::lock_guard lock{mutex_};
            while (!limits_.empty() && limits_.begin()->at <= now) {
                Limit limit = *limits_.begin();
                limits_.erase(limits_.begin());
                auto run = limit.weak.lock();
                if (!run) continue;
                bool const can_be_cancelled = run->entry().kind == BodyKind::coroutine && !limit.is_told;
                tell.push_back(run);
                if (!can_be_cancelled) {
                    give_up.push_back(run);
                    continue;
                }
                limit.is_told = true;
                limit.at += cancel_grace;
                run->limit_at = limit.at;
                limits_.insert(limit);
            }
            if (!limits_.empty()) next = limits_.begin()->at - now;
        }
        for (auto const& run : tell)
            run->stop(StopReason::timeout);
        for (auto const& run : give_up)
            run->abandon();
        if (next)
            co_await changed_.wait_for(*next);
        else
            co_await changed_.wait();
    }
}

}  // namespace cohort
