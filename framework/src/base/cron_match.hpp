// SPDX-License-Identifier: MIT
// The local times that a cron expression names. The calendar is that of the date library.
#pragma once

#include "base/cron.hpp"

#include <date/date.h>
#include <optional>

namespace cohort {

// The first one that is not before `from`. Nothing when there is none in fifty years, and so never: the
// rarest that there are, 29 February on a given day of the week, are at most forty years apart.
std::optional<date::local_seconds> next_match(Cron const& cron, date::local_seconds from);

// The last one that is not after `from`; nothing as above.
std::optional<date::local_seconds> last_match(Cron const& cron, date::local_seconds from);

}  // namespace cohort
