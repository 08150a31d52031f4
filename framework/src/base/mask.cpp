// SPDX-License-Identifier: MIT
// Where in a text a password may stand.
#include "base/mask.hpp"

#include <algorithm>
#include <array>

namespace cohort {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view stars = "***";

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Between the hosts and the end: values of secret parameters.
std::string mask_params(std::string_view text) {
    auto const mark = text.find('?');
    if (mark == npos) return std::string{text};
    std::string out{text.substr(0, mark)};
    std::string_view rest = text.substr(mark);
    while (!rest.empty()) {
        auto const end = std::min(rest.find_first_of("?&", 1), rest.size());
        std::string_view const item = rest.substr(0, end);  // with the mark in front
        auto const equals = item.find('=');
        // An "@" that is encoded is one of an address within this one.
        bool const has_address = item.find("%40") != npos;
        bool const secret = equals != npos && (has_address || is_secret_name(item.substr(1, equals - 1)));
        out += secret ? item.substr(0, equals + 1) : item;
        if (secret) out += stars;
        rest.remove_prefix(end);
    }
    return out;
}

// The first ":" that is not part of an address in brackets and not followed by a port.
std::size_t find_doubtful_colon(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '/' || text[at] == '?') return npos;
        bool const starts = at == 0 || text[at - 1] == ',';
        if (starts && text[at] == '[') {
            auto const end = text.find_first_not_of("0123456789abcdefABCDEF:.%", at + 1);
            if (end == npos) return npos;
            at = end - 1;
        } else if (text[at] == ':') {
            auto const end = std::min(text.find_first_of(",/?", at), text.size());
            if (!looks_like_port(text.substr(at + 1, end - at - 1))) return at;
        }
    }
    return npos;
}

}  // namespace

bool is_secret_name(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 5> secrets{"pass", "pwd", "secret", "token", "auth"};
    return std::ranges::any_of(secrets, [&](std::string_view secret) {
        auto const found = std::ranges::search(name, secret, [](char a, char b) { return lower(a) == b; });
        return !found.empty();
    });
}

bool looks_like_port(std::string_view text) noexcept {
    bool const digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    return !text.empty() && text.size() <= 5 && digits;
}

std::string mask_text(std::string_view text) {
    auto const scheme = text.find(':');
    if (scheme == npos) return mask_params(text);
    bool const hierarchical = text.substr(scheme + 1).starts_with("//");
    // Without "//" the first word may be a user, not a scheme.
    std::size_t const begin = hierarchical ? scheme + 3 : scheme;
    std::string_view const rest = text.substr(begin);
    std::string const head{text.substr(0, begin)};

    auto const at = rest.rfind('@');
    if (at != npos) {
        auto const colon = rest.find(':');
        if (colon >= at) return head + mask_params(rest);
        return head + std::string{rest.substr(0, colon + 1)} + std::string{stars} +
               mask_params(rest.substr(at));
    }
    auto const doubtful = hierarchical ? find_doubtful_colon(rest) : npos;
    if (doubtful == npos) return head + mask_params(rest);
    return head + std::string{rest.substr(0, doubtful + 1)} + std::string{stars};
}

std::string mask_addresses(std::string_view text) {
    constexpr std::string_view marks = "://";
    auto const in_scheme = [](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
               c == '.';
    };
    std::string out;
    std::size_t done = 0;
    for (auto found = text.find(marks); found != npos; found = text.find(marks, done)) {
        auto begin = found;
        while (begin > done && in_scheme(text[begin - 1]))
            --begin;
        auto const end = std::min(text.find_first_of(" \t\r\n\"'<>`", found), text.size());
        out += text.substr(done, begin - done);
        out += mask_text(text.substr(begin, end - begin));
        done = end;
    }
    out += text.substr(done);
    return out;
}

}  // namespace cohort
