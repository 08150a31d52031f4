// SPDX-License-Identifier: MIT
// The corpus of the fuzzer and what changes make of it, in each run.
#include "redis/fuzz/target.hpp"
#include "support/changed_bytes.hpp"

TEST_CASE("whatever a server says, it is an answer or an error that is told", "[F72]") {
    support::read_changed(redis_fuzz::corpus(), redis_fuzz::read, [](std::minstd_rand& random) {
        return std::to_string(random() % 3 == 0 ? 4'294'967'295U : random() % 100);
    });
}
