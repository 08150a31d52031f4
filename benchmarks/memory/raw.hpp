// SPDX-License-Identifier: MIT
// The measurements of raw memory: a queue and a table of results in one thread, nothing else.
#pragma once

#include "support/case.hpp"

namespace bench::raw {

Sample measure_memory_enqueue(Case const& what);
Sample measure_memory_drain(Case const& what);
Sample measure_memory_calls(Case const& what);  // end to end, and one at a time

}  // namespace bench::raw
