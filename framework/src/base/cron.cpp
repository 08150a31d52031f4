// SPDX-License-Identifier: MIT
#include "base/cron.hpp"

#include "base/text.hpp"

#include <cohort/error.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort {
namespace {

struct CronRule {
    std::string_view name;
    unsigned low;
    unsigned high;
    std::string_view words;  // three letters each; the first one is `low`
};

constexpr std::array<CronRule, Cron::fields> cron_rules{
    {{"second", 0, 59, ""},
     {"minute", 0, 59, ""},
     {"hour", 0, 23, ""},
     {"day of month", 1, 31, ""},
     {"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
     {"day of week", 0, 7, "sun mon tue wed thu fri sat"}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> cron_shorthands{
    {{"@hourly", "0 * * * *"},
     {"@daily", "0 0 * * *"},
     {"@midnight", "0 0 * * *"},
     {"@weekly", "0 0 * * 0"},
     {"@monthly", "0 0 1 * *"},
     {"@yearly", "0 0 1 1 *"},
     {"@annually", "0 0 1 1 *"}}};

constexpr std::size_t longest_cron = 1000;

std::vector<std::string_view> split_at(std::string_view text, std::string_view separators, bool keep_empty) {
    std::vector<std::string_view> parts;
    for (;;) {
        auto const end = text.find_first_of(separators);
        if (keep_empty || end > 0) {
            if (!text.empty() || keep_empty) parts.push_back(text.substr(0, end));
        }
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<unsigned> parse_digits(std::string_view text) noexcept {
    unsigned value = 0;
    auto const [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return value;
}

// The number that a name stands for.
std::optional<unsigned> find_word(CronRule const& rule, std::string_view text) {
    if (text.size() != 3) return std::nullopt;
    std::string small{text};
    for (char& c : small)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    auto const at = rule.words.find(small);
    if (at == rule.words.npos || at % 4 != 0) return std::nullopt;
    return rule.low + static_cast<unsigned>(at / 4);
}

// One field of an expression.
class FieldReader {
public:
    FieldReader(CronRule const& rule, std::size_t position, std::string_view whole)
        : rule_{rule}, position_{position}, whole_{whole} {}

    std::uint64_t read(std::string_view text) const {
        std::uint64_t bits = 0;
        for (std::string_view const item : split_at(text, ",", true)) {
            if (item.empty()) refuse(text, ": an item of the list is empty");
            bits |= read_item(item);
        }
        return bits;
    }

private:
    std::uint64_t read_item(std::string_view item) const {
        auto const slash = item.find('/');
        std::string_view const range = item.substr(0, slash);
        auto const [first, last] = read_range(range, item);
        unsigned step = 1;
        if (slash != item.npos) {
            std::string_view const text = item.substr(slash + 1);
            unsigned const most = rule_.high - rule_.low;
            auto const number = parse_digits(text);
            if (!number || *number < 1 || *number > most)
                refuse(item, ": the step " + quote(text) + " not in 1.." + std::to_string(most));
            if (range != "*" && range.find('-') == range.npos) {
                refuse(item, ": a step needs a range; write " + std::string{range} + "-" +
                                 std::to_string(rule_.high) + "/" + std::string{text});
            }
            step = *number;
        }
        std::uint64_t bits = 0;
        for (unsigned value = first; value <= last; value += step)
            bits |= std::uint64_t{1} << (is_weekday() ? value % 7 : value);
        return bits;
    }

    std::pair<unsigned, unsigned> read_range(std::string_view text, std::string_view item) const {
        // Sunday comes once in a week: as the 0th day.
        if (text == "*") return {rule_.low, is_weekday() ? 6 : rule_.high};
        auto const dash = text.find('-');
        if (dash == 0 || dash + 1 == text.size()) refuse(text, allowed());
        unsigned const first = read_value(text.substr(0, dash));
        if (dash == text.npos) return {first, first};
        unsigned last = read_value(text.substr(dash + 1));
        if (is_weekday() && last == 0 && first > 0) last = 7;  // sat-sun
        if (first > last) {
            refuse(item, " begins after its end; write two ranges, " + std::to_string(first) + "-" +
                             std::to_string(is_weekday() ? 6 : rule_.high) + "," + std::to_string(rule_.low) +
                             "-" + std::to_string(last));
        }
        return {first, last};
    }

    unsigned read_value(std::string_view text) const {
        if (auto const word = find_word(rule_, text)) return *word;
        auto const number = parse_digits(text);
        if (number && *number >= rule_.low && *number <= rule_.high) return *number;
        refuse(text, allowed());
    }

    std::string allowed() const {
        std::string text = " not in " + std::to_string(rule_.low) + ".." + std::to_string(rule_.high);
        if (rule_.words.empty()) return text;
        return text + " or " + std::string{rule_.words.substr(0, 3)} + ".." +
               std::string{rule_.words.substr(rule_.words.size() - 3)};
    }

    [[noreturn]] void refuse(std::string_view text, std::string const& fault) const {
        throw Error{errc::invalid_cron, "field " + std::to_string(position_) + " (" +
                                            std::string{rule_.name} + ") " + quote(text) + fault + ", in " +
                                            quote(whole_, 200)};
    }

    bool is_weekday() const noexcept { return rule_.high == 7; }

    CronRule const& rule_;
    std::size_t const position_;  // counted from 1, as people do
    std::string_view const whole_;
};

[[noreturn]] void refuse_shorthand(std::string_view text) {
    std::string known;
    for (auto const& [name, meaning] : cron_shorthands)
        known += (known.empty() ? "" : ", ") + std::string{name};
    throw Error{errc::invalid_cron, quote(text) + " is not known; known are " + known};
}

}  // namespace

Cron parse_cron(std::string_view text) {
    if (text.size() > longest_cron) {
        throw Error{errc::invalid_cron, "an expression of " + std::to_string(text.size()) +
                                            " bytes; at most " + std::to_string(longest_cron)};
    }
    auto parts = split_at(text, " \t", false);
    if (parts.size() == 1 && parts[0].starts_with('@')) {
        auto const meant =
            std::ranges::find(cron_shorthands, parts[0], [](auto const& one) { return one.first; });
        if (meant == cron_shorthands.end()) refuse_shorthand(parts[0]);
        return parse_cron(meant->second);
    }
    if (parts.size() != 5 && parts.size() != 6) {
        throw Error{errc::invalid_cron, quote(text, 200) + " has " + std::to_string(parts.size()) +
                                            " fields; write 5 (minute, hour, day of month, month, day of "
                                            "week), or 6 with the second before them"};
    }
    std::size_t const without = Cron::fields - parts.size();  // 1: the second is 0
    Cron cron;
    cron.values[0] = 1;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        std::size_t const field = i + without;
        cron.values[field] = FieldReader{cron_rules[field], i + 1, text}.read(parts[i]);
        cron.is_free[field] = parts[i].starts_with('*');
    }
    return cron;
}

}  // namespace cohort
