// SPDX-License-Identifier: MIT
// What the scenarios on a Redis server share.
#pragma once

#include "faults/patience.hpp"
#include "faults/redis_store.hpp"
#include "faults/scenario.hpp"

namespace faults {

inline RedisStore& store_of(Stage& stage) {
    return static_cast<RedisStore&>(stage.store());
}
inline support::RedisServer& server_of(Stage& stage) {
    return store_of(stage).server();
}

}  // namespace faults
