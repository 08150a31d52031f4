// SPDX-License-Identifier: MIT
// Durations, counted in buckets that are 1/128 apart: percentiles to 1 % in fixed memory.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace bench {

class Histogram {
public:
    void add(std::chrono::nanoseconds span) noexcept {
        auto const value = span.count() > 0 ? static_cast<std::uint64_t>(span.count()) : 0;
        ++counts_[bucket_of(value)];
        ++total_;
    }

    std::uint64_t total() const noexcept { return total_; }

    // In microseconds; 0 when there is nothing.
    double percentile(double share) const noexcept {
        auto const wanted = share * static_cast<double>(total_);
        double seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += static_cast<double>(counts_[i]);
            if (counts_[i] > 0 && seen >= wanted) return middle_of(i) / 1e3;
        }
        return 0;
    }

private:
    static constexpr unsigned bits = 7;

    // Below 2^bits each value has its own bucket, above each power of two has 2^bits of them.
    static std::size_t bucket_of(std::uint64_t value) noexcept {
        auto const width = static_cast<unsigned>(std::bit_width(value));
        if (width <= bits) return static_cast<std::size_t>(value);
        auto const shift = width - bits - 1;
        return (static_cast<std::size_t>(shift + 1) << bits) +
               static_cast<std::size_t>((value >> shift) - (1ULL << bits));
    }
    static double middle_of(std::size_t bucket) noexcept {
        auto const shift = bucket >> bits;
        auto const rest = static_cast<double>(bucket & ((1ULL << bits) - 1));
        if (shift == 0) return rest;
        auto const width = static_cast<double>(1ULL << (shift - 1));
        return (static_cast<double>(1ULL << bits) + rest + 0.5) * width;
    }

    std::array<std::uint64_t, 58UL << bits> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace bench
