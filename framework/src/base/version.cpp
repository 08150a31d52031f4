// SPDX-License-Identifier: MIT
#include <cohort/version.hpp>

namespace cohort {

char const* version() noexcept {
    return COHORT_VERSION;
}

}  // namespace cohort
