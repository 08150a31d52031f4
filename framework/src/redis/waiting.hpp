// SPDX-License-Identifier: MIT
// How a claim waits for work.
#pragma once

#include "redis/core.hpp"

namespace cohort::redis {

// Until there is a marker in one of the queues, or for so long. Throws Error, and Asio's operation_aborted
// when it was cancelled; a marker that came at the same moment is then given back.
//
// `then`, of a single queue, is sent with the wait: the server carries it out as soon as the wait ends, and
// not when we have died meanwhile. Gives its answer, also to who is cancelled; null where it has none that is
// of use: then it may have been carried out or not.
awaitable<std::optional<Outcome>> wait_for_work(std::shared_ptr<Core> core, std::vector<std::string> queues,
                                                Duration span, std::optional<Call> then);

}  // namespace cohort::redis
