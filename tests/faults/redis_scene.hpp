// SPDX-License-Identifier: MIT
// What the scenarios on a Redis server share.
#pragma once

#include "faults/redis_store.hpp"
#include "faults/scenario.hpp"

namespace faults {

inline RedisStore& store_of(Stage& stage) {
    return static_cast<RedisStore&>(stage.store());
}
inline support::RedisServer& server_of(Stage& stage) {
    return store_of(stage).server();
}

template<class Ask>
bool becomes_true(Ask ask, cohort::Duration patience) {
    auto const end = ledger_time() + patience;
    while (ledger_time() < end) {
        if (ask()) return true;
        Stage::pass(5ms);
    }
    return false;
}

// The longest pause between two attempts to connect, and a second.
inline constexpr cohort::Duration longest_return = 11s;

}  // namespace faults
