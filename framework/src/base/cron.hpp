// SPDX-License-Identifier: MIT
// What a cron expression says: of each field, which values match.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort {

enum class CronField : std::uint8_t { second, minute, hour, day, month, weekday };

struct Cron {
    static constexpr std::size_t fields = 6;

    std::array<std::uint64_t, fields> values{};  // a bit for each value that matches; Sunday is 0
    std::array<bool, fields> is_free{};          // the field begins with "*"

    std::uint64_t bits(CronField field) const noexcept { return values[static_cast<std::size_t>(field)]; }
    bool has(CronField field, unsigned value) const noexcept { return (bits(field) >> value & 1) != 0; }
    bool free(CronField field) const noexcept { return is_free[static_cast<std::size_t>(field)]; }
};

// Throws Error(invalid_cron), naming the field, its value, and what is allowed.
Cron parse_cron(std::string_view text);

}  // namespace cohort
