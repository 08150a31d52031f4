// SPDX-License-Identifier: MIT
// How a claim waits for work.
#pragma once

#include "redis/core.hpp"

namespace cohort::redis {

// Until there is a marker in one of the queues, or for so long. Throws Error, and Asio's operation_aborted
// when it was cancelled; a marker that came at the same moment is then given back.
awaitable<void> wait_for_work(std::shared_ptr<Core> core, std::vector<std::string> queues, Duration span);

}  // namespace cohort::redis
