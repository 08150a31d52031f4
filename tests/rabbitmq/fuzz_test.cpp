// SPDX-License-Identifier: MIT
// The corpus of the fuzzer and what changes make of it, in each run.
#include "rabbitmq/fuzz/target.hpp"
#include "support/changed_bytes.hpp"

TEST_CASE("whatever a RabbitMQ server says, it is an answer or an error that is told", "[F71][F72]") {
    support::read_changed(rabbitmq_fuzz::corpus(), rabbitmq_fuzz::read, [](std::minstd_rand& random) {
        return random() % 3 == 0 ? std::string(4, '\xff') : std::string(3, '\0');
    });
}
