// SPDX-License-Identifier: MIT
// The version of the headers a program was compiled with; the build takes its own version from here.
#pragma once

#define COHORT_VERSION "0.1.0"

namespace cohort {

// The version of the library a program runs with.
char const* version() noexcept;

}  // namespace cohort
