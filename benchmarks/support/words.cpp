// SPDX-License-Identifier: MIT
#include "support/words.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

namespace bench {

std::vector<std::string> split(std::string const& text, char at) {
    std::vector<std::string> parts;
    std::size_t from = 0;
    while (from <= text.size()) {
        auto const to = std::min(text.find(at, from), text.size());
        if (to > from) parts.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    return parts;
}

Words parse_words(std::vector<std::string> const& words) {
    Words parsed;
    for (auto const& word : words) {
        auto const equals = word.find('=');
        if (equals != std::string::npos) parsed[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return parsed;
}

std::string text_of(double value) {
    std::array<char, 32> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

std::string const& word(Words const& words, std::string const& name) {
    auto const found = words.find(name);
    if (found == words.end()) throw std::runtime_error{"no word " + name + "="};
    return found->second;
}

double number(Words const& words, std::string const& name) {
    auto const& text = word(words, name);
    double value = 0;
    auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{}) throw std::runtime_error{name + "=" + text + " is no number"};
    return value;
}

std::optional<double> number_if_any(Words const& words, std::string const& name) {
    if (!words.contains(name)) return std::nullopt;
    return number(words, name);
}

}  // namespace bench
