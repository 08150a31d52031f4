// SPDX-License-Identifier: MIT
// The wire name of a job: the namespaces and the name of its function, joined by dots.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace cohort::detail {

inline constexpr std::string_view meta_prefix = "cohort_job_";

// "shop::cohort_job_price" in the compiler's spelling.
template<class Meta>
consteval std::string_view spelled_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    // g++: "... [with Meta = shop::cohort_job_price; std::string_view = …]"; clang: "... [Meta =
    // shop::cohort_job_price]"
    text.remove_prefix(text.find("Meta = ") + 7);
    return text.substr(0, text.find_first_of(";]"));
}

constexpr bool is_name_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

// No angle brackets, braces or blanks: those are unnamed namespaces and templates, which compilers spell
// differently.
constexpr bool is_portable_name(std::string_view name) noexcept {
    for (char const c : name) {
        if (!is_name_character(c)) return false;
    }
    return !name.empty();
}

// What check_job_name() takes at run time.
constexpr bool is_wire_name(std::string_view name) noexcept {
    for (char const c : name) {
        if (!is_name_character(c) && c != ':' && c != '/' && c != '-') return false;
    }
    return !name.empty() && name.size() <= 200;
}

// Where the name without its namespaces begins.
constexpr std::size_t last_component(std::string_view spelled) noexcept {
    std::size_t const colons = spelled.rfind("::");
    return colons == std::string_view::npos ? 0 : colons + 2;
}

template<std::size_t N>
struct NameText {
    std::array<char, N> text{};
    std::size_t size = 0;
};

// "shop.price" from "shop::cohort_job_price", which has N characters.
template<std::size_t N>
consteval NameText<N> join_by_dots(std::string_view spelled) {
    NameText<N> name;
    std::size_t const last = last_component(spelled);
    for (std::size_t at = 0; at < N; ++at) {
        std::string_view const rest = spelled.substr(at);
        if (rest.starts_with("::")) {
            name.text[name.size++] = '.';
            ++at;
        } else if (at == last && rest.starts_with(meta_prefix)) {
            at += meta_prefix.size() - 1;
        } else {
            name.text[name.size++] = rest.front();
        }
    }
    return name;
}

template<class Meta>
struct DottedName {
    static constexpr auto made = join_by_dots<spelled_name<Meta>().size()>(spelled_name<Meta>());
    static constexpr std::string_view text{made.text.data(), made.size};
};

// The items of a list like "order, currency".
constexpr std::size_t count_words(std::string_view list) noexcept {
    std::size_t count = 0;
    bool inside = false;
    for (char const c : list) {
        bool const part_of_word = c != ',' && c != ' ';
        if (part_of_word && !inside) ++count;
        inside = part_of_word;
    }
    return count;
}

template<std::size_t N>
constexpr std::array<std::string_view, N> split_words(std::string_view list) noexcept {
    std::array<std::string_view, N> words{};
    std::size_t at = 0;
    for (std::string_view& word : words) {
        at = list.find_first_not_of(", ", at);
        if (at == std::string_view::npos) break;
        std::size_t const end = list.find_first_of(", ", at);
        word = list.substr(at, end - at);
        at = end;
    }
    return words;
}

template<std::size_t N>
constexpr bool words_differ(std::array<std::string_view, N> const& words) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (words[i] == words[j]) return false;
        }
    }
    return true;
}

}  // namespace cohort::detail
