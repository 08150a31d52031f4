// SPDX-License-Identifier: MIT
// The texts of a job: written once, and handed on as it goes from hand to hand.
#pragma once

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace cohort {

class Text;

namespace detail {

template<class T>
concept AnyText = !std::same_as<T, Text> && std::convertible_to<T const&, std::string_view>;

// A text that does not change, and how many have it.
struct TextBlock;

}  // namespace detail

// A text as a whole: another one may take its place, its characters stay. Up to 39 bytes are in the object
// itself, longer ones belong to all copies, so that copying a job at each border between a client and a
// worker allocates nothing. Becomes a std::string wherever one is wanted. Copies may be on different threads.
class Text {
public:
    static constexpr std::size_t room = 39;

    Text() noexcept = default;
    template<detail::AnyText T>
    Text(T const& text) : Text{std::string_view{text}, nullptr} {}
    Text(Text const& other) noexcept : bytes_{other.bytes_}, size_{other.size_} {
        if (is_long()) share();
    }
    Text(Text&& other) noexcept : bytes_{other.bytes_}, size_{other.size_} {
        if (is_long()) other.forget();
    }
    Text& operator=(Text const& other) noexcept {
        if (is_long() || other.is_long()) return *this = Text{other};
        bytes_ = other.bytes_;
        size_ = other.size_;
        return *this;
    }
    Text& operator=(Text&& other) noexcept {
        if (this == &other) return *this;
        if (is_long()) let_go();
        bytes_ = other.bytes_;
        size_ = other.size_;
        if (is_long()) other.forget();
        return *this;
    }
    ~Text() {
        if (is_long()) let_go();
    }

    std::string_view view() const noexcept {
        if (is_long()) return long_view();
        return {bytes_.data(), size_};
    }
    operator std::string_view() const noexcept { return view(); }
    operator std::string() const { return std::string{view()}; }

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return view().size(); }
    char const* data() const noexcept { return view().data(); }
    char const* begin() const noexcept { return view().data(); }
    char const* end() const noexcept { return view().data() + view().size(); }
    std::size_t find(std::string_view part, std::size_t from = 0) const noexcept {
        return view().find(part, from);
    }
    std::size_t find(char part, std::size_t from = 0) const noexcept { return view().find(part, from); }
    bool starts_with(std::string_view part) const noexcept { return view().starts_with(part); }
    bool ends_with(std::string_view part) const noexcept { return view().ends_with(part); }
    void clear() noexcept { *this = Text{}; }
    std::size_t hash() const noexcept;

    friend bool operator==(Text const& a, Text const& b) noexcept {
        // What follows a short text is 0. Two long ones that are the same here share their characters.
        Words const ours = a.words();
        Words const theirs = b.words();
        std::uint64_t differs = 0;
        for (std::size_t i = 0; i < ours.size(); ++i)
            differs |= ours[i] ^ theirs[i];
        return differs == 0 || (a.is_long() && b.is_long() && a.view() == b.view());
    }
    friend std::strong_ordering operator<=>(Text const& a, Text const& b) noexcept {
        return a.view() <=> b.view();
    }
    template<detail::AnyText T>
    friend bool operator==(Text const& a, T const& b) noexcept {
        return a.view() == std::string_view{b};
    }
    template<detail::AnyText T>
    friend std::strong_ordering operator<=>(Text const& a, T const& b) noexcept {
        return a.view() <=> std::string_view{b};
    }
    friend std::string operator+(std::string a, Text const& b) {
        a += b.view();
        return a;
    }
    friend std::string operator+(Text const& a, std::string_view b) {
        std::string text{a.view()};
        text += b;
        return text;
    }
    friend std::ostream& operator<<(std::ostream& stream, Text const& text);

private:
    static constexpr std::uint8_t long_size = 255;

    Text(std::string_view text, std::nullptr_t) {
        if (text.size() > room) {
            keep(text);
        } else {
            text.copy(bytes_.data(), text.size());
            size_ = static_cast<std::uint8_t>(text.size());
        }
    }
    bool is_long() const noexcept { return size_ == long_size; }
    // Words instead of characters: texts are compared and hashed several times for each job.
    using Words = std::array<std::uint64_t, (room + 1) / sizeof(std::uint64_t)>;
    Words words() const noexcept {
        Words words;
        static_assert(sizeof words == sizeof(Text));
        std::memcpy(words.data(), static_cast<void const*>(this), sizeof words);
        return words;
    }
    detail::TextBlock* block() const noexcept {
        detail::TextBlock* block = nullptr;
        std::memcpy(&block, bytes_.data(), sizeof block);
        return block;
    }
    void forget() noexcept {
        bytes_ = {};
        size_ = 0;
    }
    void keep(std::string_view text);
    void share() const noexcept;
    void let_go() const noexcept;
    std::string_view long_view() const noexcept;

    alignas(detail::TextBlock*) std::array<char, room> bytes_{};  // of a long one: where it is
    std::uint8_t size_ = 0;
};

inline std::size_t Text::hash() const noexcept {
    if (is_long()) return std::hash<std::string_view>{}(view());
    std::uint64_t sum = 0;
    for (std::uint64_t const word : words()) {
        sum = (sum ^ word) * 0x9e3779b97f4a7c15U;
        sum ^= sum >> 32;
    }
    return sum;
}

}  // namespace cohort

template<>
struct std::hash<cohort::Text> {
    std::size_t operator()(cohort::Text const& text) const noexcept { return text.hash(); }
};
