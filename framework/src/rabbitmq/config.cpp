// SPDX-License-Identifier: MIT
#include "rabbitmq/config.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <algorithm>
#include <unistd.h>

namespace cohort::rabbitmq {
namespace {

constexpr io::TlsWords tls_words{"amqp:", "amqps:", "listeners.ssl", "ssl_options.cacertfile"};

void check_namespace(std::string const& space, Url const& url) {
    constexpr std::size_t longest = 80;  // names of queues in AMQP have at most 255 bytes
    auto const is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '-';
    };
    if (space.size() <= longest && std::all_of(space.begin(), space.end(), is_good)) return;
    throw Error{errc::invalid_url, "namespace \"" + space +
                                       "\" is not at most 80 characters of [A-Za-z0-9_.-], in " +
                                       url.masked()};
}

Duration span(Url const& url, std::string_view name, Duration otherwise, Duration least) {
    auto const given = url.duration(name).value_or(otherwise);
    if (given >= least) return given;
    throw Error{errc::invalid_url,
                std::string{name} + " is less than " + to_string(least) + ", in " + url.masked()};
}

void warn_of_plain_text(Config const& config) {
    bool const is_near =
        config.host == "localhost" || config.host == "::1" || config.host.starts_with("127.");
    if (is_near || config.tls.is_on || config.login == Login::external) return;
    log(LogLevel::warn,
        one_line(config.masked + ": the password goes to another machine in plain text; use amqps:"));
}

}  // namespace

Config read_config(Url const& url, Clock const& clock) {
    url.expect({"namespace", "vhost", "timeout", "heartbeat", "blocked_timeout", "frame_max", "name", "login",
                "store", "reply", "priorities", "consumer_timeout", "poll", "ca", "cert", "key",
                "server_name"});
    Config config;
    config.masked = url.masked();
    bool const is_tls = url.scheme == "amqps";
    if (!is_tls) io::expect_no_tls(url, tls_words);
    if (is_tls) config.tls = io::read_tls(url, tls_words);
    if (is_tls) config.port = 5671;
    if (url.hosts.size() != 1 || url.hosts.front().name.empty()) {
        throw Error{errc::invalid_url,
                    "one host is expected, as in amqp://host:5672/vhost, not " + config.masked};
    }
    config.host = url.hosts.front().name;
    if (url.hosts.front().port != 0) config.port = url.hosts.front().port;
    if (!url.user.empty()) {
        config.user = url.user;
        config.password = url.password;
    }
    if (!url.path.empty()) config.vhost = url.path;
    if (auto const vhost = url.text("vhost")) config.vhost = *vhost;
    std::string const login = url.text("login").value_or("plain");
    if (login != "plain" && login != "external")
        throw Error{errc::invalid_url,
                    "login is plain or external, not \"" + login + "\", in " + config.masked};
    config.login = login == "plain" ? Login::plain : Login::external;
    config.space = url.text("namespace").value_or("");
    check_namespace(config.space, url);
    config.timeout = span(url, "timeout", config.timeout, 1ms);
    config.heartbeat = span(url, "heartbeat", config.heartbeat, 0s);
    config.blocked = span(url, "blocked_timeout", config.blocked, 0s);
    auto const priorities = url.integer("priorities", 1, 3).value_or(1);
    if (priorities == 2)
        throw Error{errc::invalid_url,
                    "priorities is 3, for urgent, usual and patient jobs, or 1, in " + config.masked};
    config.has_priorities = priorities == 3;
    std::string const reply = url.text("reply").value_or("durable");
    if (reply != "durable") {
        throw Error{errc::invalid_url,
                    "reply is durable, or is left out; not \"" + reply + "\", in " + config.masked};
    }
    config.keeps_replies = url.text("reply").has_value();
    config.is_consumer_timeout_known = url.text("consumer_timeout").has_value();
    config.consumer_timeout = span(url, "consumer_timeout", config.consumer_timeout, 0s);
    config.poll = span(url, "poll", config.poll, 1ms);
    constexpr std::int64_t least_frame = 4096;
    constexpr std::int64_t most_frame = 16 * 1024 * 1024;
    config.frame_max = static_cast<std::uint32_t>(
        url.integer("frame_max", least_frame, most_frame).value_or(config.frame_max));
    config.name = url.text("name").value_or("cohort-" + std::to_string(::getpid()));
    config.clock = &clock;
    warn_of_plain_text(config);
    return config;
}

}  // namespace cohort::rabbitmq
