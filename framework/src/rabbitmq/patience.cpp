// SPDX-License-Identifier: MIT
#include "rabbitmq/patience.hpp"

#include "io/alarm.hpp"

#include <cohort/error.hpp>

#include <algorithm>

namespace cohort::rabbitmq {
namespace {

constexpr Duration longest_look = 20ms;

// One wait, and whether it counts.
class Try {
public:
    Try(Engine const& engine, Life const& life)
        : engine_{engine}, life_{life}, turns_{engine.worker->session().turns()} {}

    bool counts() const {
        auto const& session = engine_.worker->session();
        bool const has_read = !session.is_blocked() && session.turns() == turns_;
        bool const beats = engine_.config.clock->steady() - life_.heard <= life_.worker.lease;
        return has_read || !beats || life_.is_over;
    }

private:
    Engine const& engine_;
    Life const& life_;
    std::uint64_t const turns_;
};

}  // namespace

awaitable<void> wait_patiently(EnginePtr engine, LifePtr life, AnswerPtr answer, Duration limit) {
    for (;;) {
        Try const attempt{*engine, *life};
        try {
            co_await wait_for(answer, limit);
            co_return;
        } catch (Error const&) {
            if (answer->is_done || attempt.counts()) throw;
        }
    }
}

awaitable<void> wait_patiently(EnginePtr engine, LifePtr life, BatchPtr batch, Duration limit) {
    for (bool is_over = false; !is_over;) {
        Try const attempt{*engine, *life};
        co_await wait_for(batch, limit);
        is_over = batch->open == 0 || attempt.counts();
    }
}

awaitable<void> look_patiently(EnginePtr engine, LifePtr life, AnswerPtr answer, Duration limit) {
    for (bool is_over = answer->is_done; !is_over;) {
        Try const attempt{*engine, *life};
        Duration look_again = 1ms;
        for (Duration waited = 0s; !answer->is_done && waited < limit; waited += look_again) {
            co_await io::sleep_for(look_again);
            look_again = std::min(2 * look_again, longest_look);
        }
        is_over = answer->is_done || attempt.counts();
    }
}

}  // namespace cohort::rabbitmq
