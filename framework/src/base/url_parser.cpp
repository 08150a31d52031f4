// SPDX-License-Identifier: MIT
// A broker address taken apart. Every fault names what is wrong and shows the masked whole.
#include "base/mask.hpp"
#include "base/text.hpp"

#include <cohort/error.hpp>
#include <cohort/url.hpp>

#include <algorithm>
#include <charconv>

namespace cohort {
namespace {

constexpr std::size_t longest_url = 8192;
// Of hosts and of names of parameters.
constexpr std::string_view word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

// Parses one text; every fault is thrown with the masked whole.
class Parser {
public:
    explicit Parser(std::string_view text) : text_{text} {}

    Url parse() {
        check_bytes();
        auto const colon = text_.find(':');
        if (colon == std::string_view::npos || colon == 0) fail("has no scheme, as in \"sqlite:jobs.db\"");
        take_scheme(text_.substr(0, colon));

        std::string_view rest = text_.substr(colon + 1);
        bool const hierarchical = rest.starts_with("//");
        if (hierarchical) rest.remove_prefix(2);
        if (hierarchical) check_at(rest);
        auto const mark = rest.find('?');
        std::string_view const query = mark == std::string_view::npos ? "" : rest.substr(mark + 1);
        rest = rest.substr(0, mark);
        if (hierarchical) {
            take_hierarchy(rest);
        } else {
            url_.path = decode(rest, "path");
        }
        take_query(query);
        return std::move(url_);
    }

private:
    [[noreturn]] void fail(std::string const& fault) const {
        throw Error{errc::invalid_url, fault + ", in " + quote(mask_text(text_), 200)};
    }

    void check_bytes() const {
        if (text_.empty()) throw Error{errc::invalid_url, "is empty; write for example sqlite:jobs.db"};
        if (text_.size() > longest_url) {
            throw Error{errc::invalid_url, "has " + std::to_string(text_.size()) + " bytes; at most " +
                                               std::to_string(longest_url)};
        }
        for (std::size_t at = 0; at < text_.size();) {
            Glyph const glyph = glyph_at(text_, at);
            if (!glyph.valid)
                fail("byte at position " + std::to_string(at) + " is not UTF-8; percent-encode it");
            if (is_control(glyph.code) || glyph.code == ' ' || glyph.code == '#') {
                fail("space, \"#\" or control character at position " + std::to_string(at) +
                     "; percent-encode it");
            }
            at += glyph.length;
        }
    }

    void take_scheme(std::string_view scheme) {
        for (char c : scheme) {
            bool const upper = c >= 'A' && c <= 'Z';
            url_.scheme += upper ? static_cast<char>(c - 'A' + 'a') : c;
        }
        bool const letter = url_.scheme.front() >= 'a' && url_.scheme.front() <= 'z';
        auto const allowed = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
        if (!letter || url_.scheme.find_first_not_of(allowed) != std::string::npos) {
            fail("the scheme must be a letter followed by letters, digits, \"+\", \"-\" or \".\"");
        }
    }

    // With a second "@", or one behind the hosts, nobody can say where a password ends.
    void check_at(std::string_view rest) const {
        auto const first = rest.find('@');
        if (first == std::string_view::npos) return;
        bool const several = rest.find('@', first + 1) != std::string_view::npos;
        if (several || rest.find_first_of("/?") < first) {
            fail("ambiguous \"@\"; percent-encode \"@\" as %40, \"/\" as %2F and \"?\" as %3F in user, "
                 "password and "
                 "parameters");
        }
    }

    void take_hierarchy(std::string_view rest) {
        auto const slash = rest.find('/');
        std::string_view authority = rest.substr(0, slash);
        std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash);
        auto const at = authority.find('@');
        if (at != std::string_view::npos) {
            take_user(authority.substr(0, at));
            authority.remove_prefix(at + 1);
        }
        if (!authority.empty()) {
            take_hosts(authority);
            if (!path.empty()) path.remove_prefix(1);
        } else if (path.empty()) {
            fail("the host is missing");
        }
        url_.path = decode(path, "path");
    }

    void take_user(std::string_view text) {
        auto const colon = text.find(':');
        url_.user = decode(text.substr(0, colon), "user");
        if (colon != std::string_view::npos)
            url_.password = Secret{decode(text.substr(colon + 1), "password")};
    }

    void take_hosts(std::string_view list) {
        for (bool more = true; more;) {
            auto const comma = list.find(',');
            more = comma != std::string_view::npos;
            take_host(list.substr(0, comma));
            if (more) list.remove_prefix(comma + 1);
        }
    }

    void take_host(std::string_view text) {
        Host host;
        std::string_view port;
        if (text.starts_with('[')) {
            auto const end = text.find(']');
            if (end == std::string_view::npos) fail("\"[\" without \"]\"");
            host.name = text.substr(1, end - 1);
            port = text.substr(end + 1);
            if (!port.empty() && port.front() != ':') fail("\"]\" must be followed by a port or nothing");
            std::string const rest = host.name.substr(0, host.name.find('%'));
            if (rest.find(':') == std::string::npos ||
                rest.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) {
                fail("brackets must hold an IPv6 address");
            }
        } else {
            auto const colon = text.find(':');
            host.name = text.substr(0, colon);
            port = colon == std::string_view::npos ? "" : text.substr(colon);
            if (port.find(':', 1) != std::string_view::npos) {
                fail("more than one \":\" in a host; write IPv6 addresses in brackets");
            }
            if (host.name.find_first_not_of(word) != std::string::npos)
                fail("a host has a character that is not allowed");
        }
        if (host.name.empty()) fail("host " + std::to_string(url_.hosts.size() + 1) + " is empty");
        if (!port.empty()) host.port = parse_port(port.substr(1));
        url_.hosts.push_back(std::move(host));
    }

    std::uint16_t parse_port(std::string_view text) const {
        std::uint16_t port = 0;
        auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (fault == std::errc{} && end == text.data() + text.size() && port != 0) return port;
        // What stands here may be a password whose host was forgotten: only what looks like a port is shown.
        fail("port " + (looks_like_port(text) ? quote(text) + " " : std::string{}) + "not in 1..65535");
    }

    void take_query(std::string_view query) {
        for (bool more = !query.empty(); more;) {
            auto const end = query.find('&');
            more = end != std::string_view::npos;
            std::string_view const item = query.substr(0, end);
            auto const equals = item.find('=');
            std::string const number = "parameter " + std::to_string(url_.params.size() + 1);
            if (equals == std::string_view::npos || equals == 0)
                fail(number + " is not of the form name=value");
            std::string_view const name = item.substr(0, equals);
            if (name.find_first_not_of(word) != name.npos)
                fail(number + " has a character in its name that is not allowed");
            std::string value = decode(item.substr(equals + 1), number);
            if (!url_.params.emplace(std::string{name}, std::move(value)).second)
                fail("parameter " + quote(name) + " comes twice");
            if (more) query.remove_prefix(end + 1);
        }
    }

    std::string decode(std::string_view text, std::string const& part) const {
        std::string out;
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] != '%') {
                out += text[at];
                continue;
            }
            unsigned char byte = 0;
            std::string_view const hex = text.substr(at + 1, 2);
            auto const [end, fault] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
            if (fault != std::errc{} || hex.size() != 2 || end != hex.data() + 2 || byte == 0) {
                fail("\"%\" in the " + part +
                     " is not followed by two hexadecimal digits other than 00; write %25 for \"%\"");
            }
            out += static_cast<char>(byte);
            at += 2;
        }
        return out;
    }

    std::string_view text_;
    Url url_;
};

}  // namespace

Url parse_url(std::string_view text) {
    return Parser{text}.parse();
}

}  // namespace cohort
