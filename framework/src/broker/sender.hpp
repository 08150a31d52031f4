// SPDX-License-Identifier: MIT
// Who asked for a job, for people who look at it.
#pragma once

#include <string>
#include <string_view>

namespace cohort {

// "name@host/pid, cohort 0.1.0"
std::string sender(std::string_view name);

}  // namespace cohort
