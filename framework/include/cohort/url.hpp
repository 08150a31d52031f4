// SPDX-License-Identifier: MIT
// A broker's address, parsed once. The password is kept apart, and nothing here prints it.
#pragma once

#include <cohort/time.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort {

// A text that is never shown: printing gives "***".
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_{std::move(text)} {}

    std::string const& reveal() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

private:
    std::string text_;
};

std::string_view to_string(Secret const& secret) noexcept;  // "***", or "" when empty

struct Host {
    std::string name;        // without brackets for IPv6
    std::uint16_t port = 0;  // 0: the scheme's default
};

// scheme:[//[user[:password]@]host[:port][,host…]][path][?name=value[&…]]
// User, password, path and values are percent-decoded. An "@", "/" or "?" in user, password or a value must
// be encoded.
struct Url {
    std::string scheme;  // lower case: "sqlite", "memory", "redis+sentinel"
    std::string user;
    Secret password;
    std::vector<Host> hosts;
    std::string
        path;  // behind hosts: without the slash; without hosts: all, as in "/run/redis.sock" or "jobs.db"
    std::map<std::string, std::string, std::less<>> params;

    // The whole URL with *** for the password, and for parameters named like secrets: for logs, errors and
    // people.
    std::string masked() const;

    // Throws Error(errc::invalid_url) unless every parameter is one of these, naming the nearest one.
    void expect(std::initializer_list<std::string_view> known) const;
    // The parameter, or nothing. The typed forms throw Error(errc::invalid_url) naming value and allowed
    // form.
    std::optional<std::string> text(std::string_view name) const;
    std::optional<Duration> duration(std::string_view name) const;  // 250ms, 5s, 2min, 1h, 7d
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high) const;
};

// Throws Error(errc::invalid_url): what is wrong, where, and the URL with its password masked, also where the
// fault makes it doubtful which part the password is.
Url parse_url(std::string_view text);

// "250ms", "5s", "2min", "1h", "7d"; nothing when it is none of these.
std::optional<Duration> parse_duration(std::string_view text) noexcept;

}  // namespace cohort
