// SPDX-License-Identifier: MIT
// Reading the parameters of a parsed address, and showing it.
#include "base/mask.hpp"
#include "base/text.hpp"

#include <cohort/error.hpp>
#include <cohort/url.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace cohort {
namespace {

// Percent-encodes what would be taken for syntax, and what is not printable.
std::string encode(std::string_view text, std::string_view also_plain) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        Glyph const glyph = glyph_at(text, at);
        bool const readable = glyph.valid && glyph.length > 1 && !is_control(glyph.code);
        if (readable || plain.find(text[at]) != plain.npos || also_plain.find(text[at]) != plain.npos) {
            out += text.substr(at, glyph.length);
            at += glyph.length;
            continue;
        }
        auto const byte = static_cast<unsigned char>(text[at++]);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string shown(Host const& host) {
    bool const v6 = host.name.find(':') != std::string::npos;
    std::string out = v6 ? "[" + host.name + "]" : host.name;
    if (host.port != 0) out += ":" + std::to_string(host.port);
    return out;
}

[[noreturn]] void refuse(Url const& url, std::string const& fault) {
    throw Error{errc::invalid_url, fault + ", in " + quote(url.masked(), 200)};
}

std::string about(std::string_view name, std::string_view value) {
    return "parameter " + quote(name) + ": " + (is_secret_name(name) ? "***" : quote(value)) + " is not ";
}

}  // namespace

std::string_view to_string(Secret const& secret) noexcept {
    return secret.empty() ? "" : "***";
}

std::string Url::masked() const {
    std::string out = scheme + ":";
    bool const known = !user.empty() || !password.empty();
    // A path that begins with two slashes would read as a host.
    bool const hierarchical = known || !hosts.empty() || path.starts_with("//");
    if (hierarchical) out += "//";
    out += encode(user, "");
    if (!password.empty()) out += ":***";
    if (known) out += "@";
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        out += (i == 0 ? "" : ",") + shown(hosts[i]);
    }
    if (!hosts.empty() && !path.empty()) out += "/";
    out += encode(path, hierarchical ? "/:!$&'()*+,;=" : "/:@!$&'()*+,;=");
    // Somebody forgot the scheme or the "//": then a password is part of what was taken for a path. Only a
    // path from the root may show an "@" of its own.
    auto const at = path.rfind('@');
    bool const plain = path.starts_with('/') && path.find(':') > at;
    if (!hierarchical && at != path.npos && !plain) out = mask_text(out);

    char separator = '?';
    for (auto const& [name, value] : params) {
        // An address may have one within it.
        bool const is_open = value.find('@') == value.npos;
        out += separator + name + "=";
        out += is_secret_name(name) ? "***" : encode(is_open ? value : mask_text(value), "/:,+*");
        separator = '&';
    }
    return out;
}

void Url::expect(std::initializer_list<std::string_view> known) const {
    for (auto const& [name, value] : params) {
        if (std::ranges::find(known, std::string_view{name}) != known.end()) continue;
        std::string fault = "unknown parameter " + quote(name);
        Url told = *this;
        if (auto const word = nearest(name, known)) {
            if (is_secret_name(*word)) told.params[name] = "***";
            fault += " (did you mean " + quote(*word) + "?)";
        } else if (known.size() == 0) {
            fault += " (none is known here)";
        } else {
            std::string list;
            for (std::string_view each : known) {
                list += (list.empty() ? "" : ", ") + std::string{each};
            }
            fault += " (known are " + list + ")";
        }
        refuse(told, fault);
    }
}

std::optional<std::string> Url::text(std::string_view name) const {
    auto const found = params.find(name);
    if (found == params.end()) return std::nullopt;
    return found->second;
}

std::optional<Duration> Url::duration(std::string_view name) const {
    auto const value = text(name);
    if (!value) return std::nullopt;
    auto const span = parse_duration(*value);
    if (!span) refuse(*this, about(name, *value) + "a duration; write 250ms, 5s, 2min, 1h or 7d");
    return span;
}

std::optional<std::int64_t> Url::integer(std::string_view name, std::int64_t low, std::int64_t high) const {
    auto const value = text(name);
    if (!value) return std::nullopt;
    std::int64_t number = 0;
    char const* const end = value->data() + value->size();
    auto const [rest, fault] = std::from_chars(value->data(), end, number);
    if (fault != std::errc{} || rest != end || number < low || number > high) {
        refuse(*this, about(name, *value) + "a whole number in " + std::to_string(low) + ".." +
                          std::to_string(high));
    }
    return number;
}

std::optional<Duration> parse_duration(std::string_view text) noexcept {
    struct Unit {
        std::string_view name;
        Duration size;
    };
    constexpr std::array<Unit, 5> units{{{"ms", 1ms}, {"s", 1s}, {"min", 1min}, {"h", 1h}, {"d", 24h}}};

    std::uint64_t number = 0;  // unsigned, so that no sign is read
    auto const [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{}) return std::nullopt;
    std::string_view const name = text.substr(static_cast<std::size_t>(rest - text.data()));
    for (Unit const& unit : units) {
        if (unit.name != name) continue;
        auto const most =
            static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max() / unit.size.count());
        if (number > most) return std::nullopt;
        return Duration{static_cast<Duration::rep>(number) * unit.size.count()};
    }
    return std::nullopt;
}

}  // namespace cohort
