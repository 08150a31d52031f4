// SPDX-License-Identifier: MIT
#include "redis/config.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <charconv>
#include <unistd.h>

namespace cohort::redis {
namespace {

constexpr std::int64_t most_databases = 65'535;

// Part of keys, between braces that say where they live on a cluster.
void check_namespace(std::string const& space, Url const& url) {
    for (char const c : space) {
        bool const is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                             c == '_' || c == '.' || c == '-';
        if (!is_good || space.size() > 100) {
            throw Error{errc::invalid_url, "namespace \"" + space +
                                               "\" is not at most 100 characters of [A-Za-z0-9_.-], in " +
                                               url.masked()};
        }
    }
}

std::int64_t parse_database(std::string const& path, Url const& url) {
    if (path.empty()) return url.integer("db", 0, most_databases).value_or(0);
    std::int64_t number = -1;
    auto const [end, fault] = std::from_chars(path.data(), path.data() + path.size(), number);
    if (fault != std::errc{} || end != path.data() + path.size() || number < 0 || number > most_databases) {
        throw Error{errc::invalid_url, "\"" + path +
                                           "\" is not the number of a database, as in redis://host/3; in " +
                                           url.masked()};
    }
    return number;
}

void warn_of_plain_text(Config const& config) {
    bool const is_near = config.host.empty() || config.host == "localhost" || config.host == "::1" ||
                         config.host.starts_with("127.");
    if (is_near || config.password.empty()) return;
    log(LogLevel::warn,
        one_line(config.masked + ": the password goes to another machine in plain text; use a tunnel"));
}

Duration positive(Url const& url, std::string_view name, Duration value) {
    auto const given = url.duration(name).value_or(value);
    if (given > 0s) return given;
    throw Error{errc::invalid_url, std::string{name} + " is not more than 0, in " + url.masked()};
}

}  // namespace

Config read_config(Url const& url, Clock const& clock) {
    url.expect({"namespace", "db", "timeout", "poll", "name", "replicas"});
    Config config;
    config.masked = url.masked();
    if (url.scheme == "redis+unix") {
        if (url.path.empty()) {
            throw Error{errc::invalid_url,
                        "no socket is named; write redis+unix:/run/redis/redis.sock, not " + config.masked};
        }
        config.path = url.path;
        config.database = parse_database("", url);
    } else {
        if (url.hosts.size() != 1 || url.hosts.front().name.empty()) {
            throw Error{errc::invalid_url,
                        "one host is expected, as in redis://host:6379, not " + config.masked};
        }
        config.host = url.hosts.front().name;
        if (url.hosts.front().port != 0) config.port = url.hosts.front().port;
        config.database = parse_database(url.path, url);
    }
    config.user = url.user;
    config.password = url.password;
    config.space = url.text("namespace").value_or("");
    check_namespace(config.space, url);
    config.replicas = url.integer("replicas", 0, 100).value_or(0);
    config.timeout = positive(url, "timeout", config.timeout);
    config.poll = positive(url, "poll", config.poll);
    config.name = url.text("name").value_or("cohort-" + std::to_string(::getpid()));
    for (char const c : config.name) {
        if (c <= ' ' || c > '~')
            throw Error{errc::invalid_url,
                        "name may hold no spaces and no special characters, in " + config.masked};
    }
    config.clock = &clock;
    warn_of_plain_text(config);
    return config;
}

}  // namespace cohort::redis
