// SPDX-License-Identifier: MIT
// Points in time of any unit, to and from seconds and nanoseconds.
#include "job/iso_time.hpp"

#include <cohort/detail/codec_read.hpp>

namespace cohort::detail {
namespace {

constexpr std::int64_t nanos = 1'000'000'000;
constexpr std::string_view too_far = "a point in time that its type cannot hold";
constexpr std::string_view too_fine = "a finer point in time than its type can hold";

}  // namespace

void write_time(JsonWriter& writer, std::int64_t count, std::int64_t num, std::int64_t den) {
    std::int64_t seconds = 0;
    if (den == 1 && __builtin_mul_overflow(count, num, &seconds)) {
        writer.fail(errc::not_representable, "a point in time beyond the year 290,000,000");
    }
    std::int64_t part = 0;
    if (den != 1) {
        part = count % den;
        seconds = count / den;
        if (part < 0) {
            part += den;
            --seconds;
        }
    }
    writer.time(seconds, static_cast<std::uint32_t>(part * (nanos / den)));
}

std::int64_t read_time(JsonView view, std::int64_t num, std::int64_t den, std::int64_t min,
                       std::int64_t max) {
    std::int64_t seconds = 0;
    std::uint32_t rest = 0;
    view.as_time(seconds, rest);
    std::int64_t const tick = nanos / den;
    if (rest % tick != 0 || seconds % num != 0) view.fail(errc::argument_type, too_fine);

    std::int64_t count = seconds / num;
    bool far = false;
    if (den != 1) {
        // Towards zero from both sides, so that the lowest count does not overflow on the way.
        std::int64_t part = rest / tick;
        if (seconds < 0 && part != 0) {
            seconds += 1;
            part -= den;
        }
        far = __builtin_mul_overflow(seconds, den, &count) || __builtin_add_overflow(count, part, &count);
    }
    if (far || count < min || count > max) view.fail(errc::argument_range, too_far);
    return count;
}

}  // namespace cohort::detail
