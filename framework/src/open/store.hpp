// SPDX-License-Identifier: MIT
// The store that a URL names for its jobs: another URL, in a parameter.
#pragma once

#include <cohort/url.hpp>

namespace cohort {

// The parameter `store` as a URL, with the namespace of the outer one where it has none of its own. Throws
// Error(invalid_url), also where such a broker can be no store.
Url store_of(Url const& outer);

}  // namespace cohort
