// SPDX-License-Identifier: MIT
// Generators of identifiers, and the alphabets that names may use.
#include "base/text.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <memory>
#include <mutex>
#include <sys/random.h>
#include <system_error>

namespace cohort {
namespace {

template<class T>
T from_system() {
    T value{};
    if (::getentropy(&value, sizeof value) != 0) {
        throw std::system_error{errno, std::generic_category(), "getentropy"};
    }
    return value;
}

// xoshiro256**: a few instructions per number, a period that no fleet exhausts. https://prng.di.unimi.it
class Random {
public:
    std::uint64_t operator()() noexcept {
        std::uint64_t const result = std::rotl(state_[1] * 5, 7) * 9;
        std::uint64_t const shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

private:
    std::array<std::uint64_t, 4> state_ = from_system<std::array<std::uint64_t, 4>>();
};

class Ulids {
public:
    explicit Ulids(Clock const& clock) : clock_{clock} {}

    Id next() {
        std::uint64_t const ms = milliseconds();
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        {
            std::lock_guard const lock{mutex_};
            if (ms > high_ >> 16) {
                high_ = ms << 16 | random_() >> 48;
                low_ = random_();
            } else if (++low_ == 0) {
                // Within one millisecond, or with a clock that went back, the next number sorts behind the
                // last. The carry may reach the time: it then runs ahead by a millisecond and the order
                // holds.
                ++high_;
            }
            high = high_;
            low = low_;
        }
        std::array<char, 26> digits;
        put(digits.data(), 10, high >> 16);
        put(digits.data() + 10, 8, (high & 0xffff) << 24 | low >> 40);
        put(digits.data() + 18, 8, low);
        return std::string_view{digits.data(), digits.size()};
    }

private:
    std::uint64_t milliseconds() const noexcept {
        // 0 would not be greater than the initial state; no clock that matters shows 1970.
        constexpr std::int64_t last = (std::int64_t{1} << 48) - 1;
        return static_cast<std::uint64_t>(
            std::clamp<std::int64_t>(clock_.now().time_since_epoch().count() / 1000, 1, last));
    }

    // The lowest 5 * digits bits.
    static void put(char* to, int digits, std::uint64_t value) noexcept {
        for (int i = digits - 1; i >= 0; --i, value >>= 5) {
            to[i] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value & 31];
        }
    }

    Clock const& clock_;
    std::mutex mutex_;
    Random random_;
    std::uint64_t high_ = 0;  // 48 bits of time, 16 random ones
    std::uint64_t low_ = 0;   // 64 random ones
};

constexpr bool is_word(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

struct Alphabet {
    constexpr Alphabet(std::string_view its_what, errc its_code, std::size_t its_longest,
                       std::string_view its_others)
        : what{its_what}, code{its_code}, longest{its_longest}, others{its_others} {
        for (std::size_t byte = 0; byte < has.size(); ++byte) {
            char const c = static_cast<char>(byte);
            has[byte] = is_word(c) || others.find(c) != std::string_view::npos;
        }
    }

    std::string_view what;
    errc code;
    std::size_t longest;
    std::string_view others;      // beside letters, digits and "_"
    std::array<bool, 256> has{};  // every name of every job is looked at, several times
};

constexpr Alphabet of_job_id{"job id", errc::invalid_job_id, 128, ".:-"};
constexpr Alphabet of_queue_name{"queue name", errc::invalid_queue_name, 100, ".-"};
constexpr Alphabet of_job_name{"job name", errc::invalid_job_name, 200, ".:/-"};
constexpr Alphabet of_schedule_name{"schedule name", errc::invalid_schedule, 100, ".-"};

void check(std::string_view text, Alphabet const& rule) {
    auto const has = [&](char c) { return rule.has[static_cast<unsigned char>(c)]; };
    bool is_good = !text.empty() && text.size() <= rule.longest;
    for (char const c : text)
        is_good &= has(c);  // without a jump for each
    if (is_good) return;

    std::string const form = "use 1 to " + std::to_string(rule.longest) + " characters of [A-Za-z0-9_" +
                             std::string{rule.others} + "]";
    std::string const what{rule.what};
    if (text.empty()) throw Error{rule.code, what + " is empty; " + form};
    if (text.size() > rule.longest) {
        throw Error{rule.code,
                    what + " " + quote(text) + " has " + std::to_string(text.size()) + " bytes; " + form};
    }
    auto const bad = std::ranges::find_if_not(text, has);
    auto const byte = static_cast<unsigned char>(*bad);
    std::string const hex{"0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    throw Error{rule.code, what + " " + quote(text) + ": byte 0x" + hex + " at position " +
                               std::to_string(bad - text.begin()) + " is not allowed; " + form};
}

}  // namespace

IdGenerator ulid(Clock const& clock) {
    return [ids = std::make_shared<Ulids>(clock)] { return ids->next(); };
}

IdGenerator autoincrement(std::uint64_t start) {
    auto last = std::make_shared<std::atomic<std::uint64_t>>(start);
    return [last] { return std::to_string(last->fetch_add(1, std::memory_order_relaxed) + 1); };
}

IdGenerator urn() {
    return [] {
        std::string digits = random_id();
        digits[12] = '4';
        digits[16] = "89ab"[digits[16] % 4];
        for (std::size_t const at : {20, 16, 12, 8})
            digits.insert(at, 1, '-');
        return "urn:uuid:" + digits;
    };
}

std::string random_id() {
    std::string id;
    id.reserve(32);
    for (unsigned char byte : from_system<std::array<unsigned char, 16>>()) {
        id += "0123456789abcdef"[byte >> 4];
        id += "0123456789abcdef"[byte & 15];
    }
    return id;
}

void check_job_id(std::string_view id) {
    check(id, of_job_id);
}

void check_queue_name(std::string_view name) {
    check(name, of_queue_name);
    if (name.starts_with("amq.")) {
        throw Error{errc::invalid_queue_name,
                    "queue name " + quote(name) +
                        " begins with \"amq.\", which message servers keep for themselves"};
    }
}

void check_job_name(std::string_view name) {
    check(name, of_job_name);
}

void check_schedule_name(std::string_view name) {
    check(name, of_schedule_name);
}

}  // namespace cohort
