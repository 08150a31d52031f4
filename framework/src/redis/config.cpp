// SPDX-License-Identifier: MIT
#include "redis/config.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace cohort::redis {
namespace {

constexpr std::int64_t most_databases = 65'535;
constexpr Duration longest_keepalive = std::chrono::seconds{32'767};  // of Linux

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
    auto const is_near = [](Host const& host) {
        return host.name == "localhost" || host.name == "::1" || host.name.starts_with("127.");
    };
    if (config.tls.is_on || config.password.empty() || std::ranges::all_of(config.hosts, is_near)) return;
    log(LogLevel::warn,
        one_line(config.masked + ": the password goes to another machine in plain text; use rediss:"));
}

Duration positive(Url const& url, std::string_view name, Duration value) {
    auto const given = url.duration(name).value_or(value);
    if (given > 0s) return given;
    throw Error{errc::invalid_url, std::string{name} + " is not more than 0, in " + url.masked()};
}

Topology topology_of(std::string_view scheme) {
    if (scheme.ends_with("+sentinel")) return Topology::sentinel;
    return scheme.ends_with("+cluster") ? Topology::cluster : Topology::one;
}

constexpr io::TlsWords tls_words{"redis:", "rediss:", "tls-port", "tls-ca-cert-file"};

void expect_parameters(Url const& url, Topology topology, bool is_tls) {
    if (topology == Topology::one) {
        url.expect({"namespace", "db", "timeout", "poll", "ping", "keepalive", "name", "replicas",
                    "replication_timeout", "max_ended", "max_ended_bytes", "ca", "cert", "key",
                    "server_name"});
    } else if (topology == Topology::cluster) {
        url.expect({"namespace", "timeout", "poll", "ping", "keepalive", "name", "replicas",
                    "replication_timeout", "max_ended", "max_ended_bytes", "ca", "cert", "key",
                    "server_name"});
    } else {
        url.expect({"namespace", "db", "timeout", "poll", "ping", "keepalive", "name", "replicas",
                    "replication_timeout", "max_ended", "max_ended_bytes", "master", "sentinel_user",
                    "sentinel_password", "ca", "cert", "key", "server_name"});
    }
    if (!is_tls) io::expect_no_tls(url, tls_words);
}

void read_hosts(Config& config, Url const& url) {
    bool const is_one = config.topology == Topology::one;
    std::string const example = url.scheme + (is_one ? "://host" : "://host1,host2,host3") +
                                (config.topology == Topology::sentinel ? "/0?master=NAME" : "");
    bool const has_names =
        !url.hosts.empty() && std::ranges::none_of(url.hosts, &std::string::empty, &Host::name);
    if (!has_names || (is_one && url.hosts.size() != 1)) {
        throw Error{errc::invalid_url, std::string{is_one ? "one host is" : "hosts are"} +
                                           " expected, as in " + example + ", not " + config.masked};
    }
    config.hosts = url.hosts;
    std::uint16_t const usual = config.topology == Topology::sentinel ? 26379 : 6379;
    for (auto& host : config.hosts) {
        if (host.port == 0) host.port = usual;
    }
    config.database = parse_database(url.path, url);
    if (config.topology == Topology::cluster && config.database != 0)
        throw Error{errc::invalid_url, "a cluster has no database but 0, in " + config.masked};
    if (config.topology != Topology::sentinel) return;
    config.master = url.text("master").value_or("");
    if (config.master.empty())
        throw Error{errc::invalid_url, "no master is named, as in " + example + "; in " + config.masked};
    config.sentinel_user = url.text("sentinel_user").value_or("");
    config.sentinel_password = Secret{url.text("sentinel_password").value_or("")};
}

}  // namespace

Config read_config(Url const& url, Clock const& clock) {
    bool const is_tls = url.scheme.starts_with("rediss");
    Config config;
    config.topology = topology_of(url.scheme);
    config.masked = url.masked();
    expect_parameters(url, config.topology, is_tls);
    if (url.scheme == "redis+unix") {
        if (url.path.empty()) {
            throw Error{errc::invalid_url,
                        "no socket is named; write redis+unix:/run/redis/redis.sock, not " + config.masked};
        }
        config.path = url.path;
        config.database = parse_database("", url);
    } else {
        read_hosts(config, url);
    }
    if (is_tls) config.tls = io::read_tls(url, tls_words);
    config.user = url.user;
    config.password = url.password;
    config.space = url.text("namespace").value_or("");
    check_namespace(config.space, url);
    config.replicas = url.integer("replicas", 0, 100).value_or(0);
    config.limits = read_ended_limits(url);
    config.timeout = positive(url, "timeout", config.timeout);
    config.replication = positive(url, "replication_timeout", config.timeout / 2);
    config.poll = positive(url, "poll", config.poll);
    config.ping = positive(url, "ping", config.ping);
    config.keepalive = positive(url, "keepalive", config.keepalive);
    if (config.keepalive < 1s || config.keepalive > longest_keepalive) {
        throw Error{errc::invalid_url,
                    "keepalive is not in 1s.." + to_string(longest_keepalive) + ", in " + config.masked};
    }
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
