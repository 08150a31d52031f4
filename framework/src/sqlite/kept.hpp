// SPDX-License-Identifier: MIT
// What a queue keeps of jobs that have ended, and the limits of it.
#pragma once

#include "sqlite/session.hpp"

#include <cstdint>

namespace cohort::sqlite {

// In a transaction: T16 for the next that would be forgotten, of those that succeeded or of the others, as
// long as there are more than the limits allow, and at most for so many. Says how many.
std::uint32_t forget_surplus(Session& session, std::int64_t queue, bool succeeded, std::uint32_t most);

}  // namespace cohort::sqlite
