// SPDX-License-Identifier: MIT
// Points in time as ISO 8601 text, to the nanosecond.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::detail {

// About the year ±290,000,000: later than any clock of microseconds can say.
inline constexpr std::int64_t last_iso_second = 290'000'000LL * 365 * 86'400;

struct UnixTime {
    std::int64_t seconds = 0;       // since 1970, UTC, without leap seconds
    std::uint32_t nanoseconds = 0;  // 0 .. 999,999,999
};

// At most last_iso_second from 1970. "2026-01-31T08:30:00Z", with as many decimals as there are. Years
// outside of 0000..9999 get a sign, as in "+294247-01-10".
void append_iso_time(std::string& out, std::int64_t seconds, std::uint32_t nanoseconds);

// The same and its variants: a date alone, no seconds, "+02:00" instead of Z, a space or small letters. A
// zone is needed with a time of day. Nothing when it is something else.
std::optional<UnixTime> parse_iso_time(std::string_view text);

}  // namespace cohort::detail
