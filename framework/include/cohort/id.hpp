// SPDX-License-Identifier: MIT
// Identifiers: of jobs, and of a worker's life.
#pragma once

#include <cohort/time.hpp>

#include <array>
#include <compare>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace cohort {

class Id;

namespace detail {
template<class T>
concept IdText = !std::same_as<T, Id> && std::convertible_to<T const&, std::string_view>;
}

// The text of an identifier, of any length. Up to 39 bytes are in the object itself: a job's ids are copied
// at every border between a client and a worker, and that costs no allocation. Becomes a std::string wherever
// one is wanted.
class Id {
public:
    static constexpr std::size_t room = 39;

    Id() noexcept = default;
    template<detail::IdText T>
    Id(T const& text) : Id{std::string_view{text}, nullptr} {}
    Id(Id const& other) : bytes_{other.bytes_}, size_{other.size_} {
        if (is_long()) keep(new std::string{other.view()});
    }
    Id(Id&& other) noexcept : bytes_{other.bytes_}, size_{other.size_} {
        if (is_long()) other.let_go();
    }
    Id& operator=(Id const& other) {
        if (is_long() || other.is_long()) return *this = Id{other};
        bytes_ = other.bytes_;
        size_ = other.size_;
        return *this;
    }
    Id& operator=(Id&& other) noexcept {
        if (this == &other) return *this;
        if (is_long()) delete elsewhere();
        bytes_ = other.bytes_;
        size_ = other.size_;
        if (is_long()) other.let_go();
        return *this;
    }
    ~Id() {
        if (is_long()) delete elsewhere();
    }

    std::string_view view() const noexcept {
        if (is_long()) return *elsewhere();
        return {bytes_.data(), size_};
    }
    operator std::string_view() const noexcept { return view(); }
    operator std::string() const { return std::string{view()}; }

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return view().size(); }
    void clear() noexcept { *this = Id{}; }
    std::size_t hash() const noexcept;

    friend bool operator==(Id const& a, Id const& b) noexcept {
        // What follows a short text is 0.
        if (!a.is_long()) return a.size_ == b.size_ && a.bytes_ == b.bytes_;
        return b.is_long() && a.view() == b.view();
    }
    friend std::strong_ordering operator<=>(Id const& a, Id const& b) noexcept {
        return a.view() <=> b.view();
    }
    template<detail::IdText T>
    friend bool operator==(Id const& a, T const& b) noexcept {
        return a.view() == std::string_view{b};
    }
    template<detail::IdText T>
    friend std::strong_ordering operator<=>(Id const& a, T const& b) noexcept {
        return a.view() <=> std::string_view{b};
    }
    friend std::string operator+(std::string a, Id const& b) {
        a += b.view();
        return a;
    }
    friend std::string operator+(Id const& a, std::string_view b) {
        std::string text{a.view()};
        text += b;
        return text;
    }
    friend std::ostream& operator<<(std::ostream& stream, Id const& id);

private:
    static constexpr std::uint8_t long_size = 255;

    Id(std::string_view text, std::nullptr_t) {
        if (text.size() > room) {
            keep(new std::string{text});
        } else {
            text.copy(bytes_.data(), text.size());
            size_ = static_cast<std::uint8_t>(text.size());
        }
    }
    bool is_long() const noexcept { return size_ == long_size; }
    std::string* elsewhere() const noexcept {
        std::string* text = nullptr;
        std::memcpy(&text, bytes_.data(), sizeof text);
        return text;
    }
    void keep(std::string* text) noexcept {
        std::memcpy(bytes_.data(), &text, sizeof text);
        size_ = long_size;
    }
    void let_go() noexcept {
        bytes_.fill(0);
        size_ = 0;
    }

    alignas(std::string*) std::array<char, room> bytes_{};  // of a long one: where it is
    std::uint8_t size_ = 0;
};

inline std::size_t Id::hash() const noexcept {
    if (is_long()) return std::hash<std::string_view>{}(view());
    // Words instead of characters: it is asked several times for each job.
    std::array<std::uint64_t, sizeof(Id) / sizeof(std::uint64_t)> words;
    static_assert(sizeof words == sizeof(Id));
    std::memcpy(words.data(), static_cast<void const*>(this), sizeof words);
    std::uint64_t sum = 0;
    for (std::uint64_t const word : words) {
        sum = (sum ^ word) * 0x9e3779b97f4a7c15U;
        sum ^= sum >> 32;
    }
    return sum;
}

// Makes the id of each new job. Called from any thread. Ids are 1 to 128 characters of [A-Za-z0-9_.:-]; a
// client checks.
using IdGenerator = std::function<Id()>;

// 26 characters of Crockford's base 32: 48 bits of milliseconds, 80 random bits. Those of one generator sort
// in the order in which they were made, also when the clock goes back. The clock must outlive the generator
// and its copies, which go on together. https://github.com/ulid/spec
IdGenerator ulid(Clock const& clock = system_clock());

// "start+1", "start+2", …: short and readable, unique only within one generator's life.
IdGenerator autoincrement(std::uint64_t start = 0);

// "urn:uuid:3f0c…": a random UUID (RFC 9562, version 4) in the form of a URN, for ids that mean something
// elsewhere too.
IdGenerator urn();

// 32 hexadecimal digits from the system's generator: a worker's incarnation.
std::string random_id();

// Throws Error(errc::invalid_job_id) that says what is wrong.
void check_job_id(std::string_view id);
// Throws Error(errc::invalid_queue_name). 1 to 100 characters of [A-Za-z0-9_.-], not beginning with "amq.".
void check_queue_name(std::string_view name);
// Throws Error(errc::invalid_job_name). 1 to 200 characters of [A-Za-z0-9_.:/-].
void check_job_name(std::string_view name);
// Throws Error(errc::invalid_schedule). 1 to 100 characters of [A-Za-z0-9_.-].
void check_schedule_name(std::string_view name);

}  // namespace cohort

template<>
struct std::hash<cohort::Id> {
    std::size_t operator()(cohort::Id const& id) const noexcept { return id.hash(); }
};
