// SPDX-License-Identifier: MIT
// Raw RabbitMQ: a turn takes the jobs that are there, publishes their results, and acks the jobs when these
// are confirmed.
#pragma once

#include "rabbitmq/link.hpp"

namespace bench::raw {

// The part to start beside a client's.
inline constexpr char const* rabbitmq_worker_part = "raw.rabbitmq.worker";

class RabbitTurns {
public:
    explicit RabbitTurns(Case const& what);

    // How many jobs it has run: at most what.batch, and none when there was none for so long.
    std::uint64_t turn(std::chrono::milliseconds patience);

private:
    std::uint32_t const batch_;
    RabbitLink jobs_;
    RabbitLink results_;
};

}  // namespace bench::raw
