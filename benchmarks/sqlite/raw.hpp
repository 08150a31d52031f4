// SPDX-License-Identifier: MIT
// The measurements of raw SQLite; one file each.
#pragma once

#include "support/registry.hpp"

namespace bench::raw {

Sample measure_enqueue(Case const& what);
Sample measure_drain(Case const& what);
Sample measure_end_to_end(Case const& what);
Sample measure_round_trip(Case const& what);

// All of them by question, and the file that Cohort is measured on beside them.
std::map<std::string, Raw> sqlite_limits();
std::string sqlite_url(Case const& what);

}  // namespace bench::raw
