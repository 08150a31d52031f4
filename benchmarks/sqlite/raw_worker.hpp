// SPDX-License-Identifier: MIT
// Raw SQLite: a worker process for the measurements that have two.
#pragma once

#include "support/case.hpp"

namespace bench::raw {

// The part to start beside the client's: claims up to what.batch rows whenever the bell "work" has rung,
// deletes them, stores their results, rings "done".
inline constexpr char const* worker_part = "raw.sqlite.worker";

}  // namespace bench::raw
