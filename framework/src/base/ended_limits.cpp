// SPDX-License-Identifier: MIT
#include "base/ended_limits.hpp"

#include "base/text.hpp"

#include <cohort/error.hpp>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace cohort {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t size;
};

constexpr std::array<Unit, 1> jobs_alone{{{"", 1}}};
constexpr std::array<Unit, 5> of_bytes{{{"", 1},
                                        {"KiB", std::uint64_t{1} << 10},
                                        {"MiB", std::uint64_t{1} << 20},
                                        {"GiB", std::uint64_t{1} << 30},
                                        {"TiB", std::uint64_t{1} << 40}}};

// A number of 1 or more behind which one of the units stands, or "none". Not 0: it would be a riddle whether
// that is no limit, as for other parameters, or nothing kept, as for keep_result.
template<std::size_t N>
std::optional<std::uint64_t> parse_limit(std::string_view text, std::array<Unit, N> const& units) {
    if (text == "none") return EndedLimits::none;
    std::uint64_t number = 0;  // unsigned, so that no sign is read
    auto const [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || number == 0) return std::nullopt;
    std::string_view const name = text.substr(static_cast<std::size_t>(rest - text.data()));
    for (Unit const& unit : units) {
        if (unit.name != name) continue;
        if (number > EndedLimits::none / unit.size) return std::nullopt;
        return number * unit.size;
    }
    return std::nullopt;
}

template<std::size_t N>
std::uint64_t read_limit(Url const& url, std::string_view name, std::uint64_t usual,
                         std::array<Unit, N> const& units, std::string_view form) {
    auto const text = url.text(name);
    if (!text) return usual;
    if (auto const limit = parse_limit(*text, units)) return *limit;
    throw Error{errc::invalid_url, "parameter " + quote(name) + ": " + quote(*text) + " is not " +
                                       std::string{form} + "; in " + quote(url.masked(), 200)};
}

}  // namespace

EndedLimits read_ended_limits(Url const& url) {
    EndedLimits limits;
    limits.jobs = read_limit(url, "max_ended", limits.jobs, jobs_alone,
                             "a number of jobs; write 100000, or none for no limit");
    limits.bytes = read_limit(url, "max_ended_bytes", limits.bytes, of_bytes,
                              "a number of bytes; write 65536, 64KiB, 256MiB or 2GiB, or none for no limit");
    return limits;
}

}  // namespace cohort
