// SPDX-License-Identifier: MIT
#include "redis/errors.hpp"

#include <cohort/log.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace cohort::redis {
namespace {

struct Row {
    std::string_view word;
    Fault fault;
    std::string_view advice = {};
};

constexpr std::array rows{
    Row{"OOM", {errc::storage_full, Reaction::tell}, "the server is at its maxmemory"},
    Row{"MISCONF", {errc::storage_full, Reaction::tell}, "the server cannot write to its disk"},
    Row{"LOADING", {errc::unavailable, Reaction::reconnect}, "the server is still reading its data"},
    Row{"BUSY", {errc::busy, Reaction::tell}, "a script of somebody keeps the server busy"},
    Row{"TRYAGAIN", {errc::busy, Reaction::tell}},
    Row{"MASTERDOWN", {errc::unavailable, Reaction::reconnect}},
    Row{"CLUSTERDOWN", {errc::unavailable, Reaction::tell}, "the cluster lacks a node that it needs"},
    Row{"READONLY", {errc::unavailable, Reaction::reconnect}, "this server is a replica"},
    Row{"UNBLOCKED", {errc::unavailable, Reaction::reconnect}, "this server has become a replica"},
    Row{"NOREPLICAS", {errc::unavailable, Reaction::tell}, "too few replicas are connected"},
    Row{"NOAUTH", {errc::auth_failed, Reaction::reconnect}, "give user and password in the URL"},
    Row{"WRONGPASS", {errc::auth_failed, Reaction::reconnect}},
    Row{"NOPERM",
        {errc::auth_failed, Reaction::tell},
        "docs/brokers/redis.md has the rights that are needed"},
    Row{"DENIED", {errc::auth_failed, Reaction::reconnect}},
    Row{"MOVED",
        {errc::broker_unsupported, Reaction::tell},
        "this server is part of a cluster: write redis+cluster:"},
    Row{"ASK",
        {errc::broker_unsupported, Reaction::tell},
        "this server is part of a cluster: write redis+cluster:"},
    Row{"CROSSSLOT", {errc::broker_unsupported, Reaction::tell}},
    Row{"WRONGTYPE",
        {errc::storage_corrupt, Reaction::tell},
        "another program uses these keys; set namespace"},
};

// So much of a secret is one, too: servers cut long texts.
constexpr std::size_t shortest_trace = 16;

constexpr Row max_clients{"max number of clients", {errc::unavailable, Reaction::reconnect}};
constexpr Row unknown_command{
    "unknown command", {errc::broker_unsupported, Reaction::tell}, "Redis 6.2 is needed"};
constexpr Row bad_database{"DB index is out of range", {errc::invalid_url, Reaction::reconnect}};
constexpr Row bad_password{"invalid password", {errc::auth_failed, Reaction::reconnect}};
constexpr Row no_right{
    "user executing the script can't run",
    {errc::auth_failed, Reaction::tell},
    "docs/brokers/redis.md has the rights that are needed; ACL LOG has the one that lacks"};
constexpr Row no_right_now{"ACL failure in script", no_right.fault, no_right.advice};
constexpr Row any{"", {errc::protocol_error, Reaction::tell}};

bool begins_with_word(std::string_view text, std::string_view word) noexcept {
    return text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
}

Row const& find(std::string_view text) noexcept {
    if (begins_with_word(text, "ERR")) text.remove_prefix(std::min<std::size_t>(4, text.size()));
    for (auto const& row : rows) {
        if (begins_with_word(text, row.word)) return row;
    }
    // Before Redis 7 a command in a script failed as "ERR Error running script (…): @user_script: 7: -OOM …".
    auto const script = text.find("@user_script");
    auto const inner = script == std::string_view::npos ? script : text.find(": -", script);
    if (inner != std::string_view::npos) {
        for (auto const& row : rows) {
            if (begins_with_word(text.substr(inner + 3), row.word)) return row;
        }
    }
    for (auto const* row :
         {&max_clients, &unknown_command, &bad_database, &bad_password, &no_right, &no_right_now}) {
        if (text.find(row->word) != std::string_view::npos) return *row;
    }
    return any;
}

}  // namespace

Fault classify(std::string_view text) noexcept {
    return find(text).fault;
}

bool is_no_script(std::string_view text) noexcept {
    return begins_with_word(text, "NOSCRIPT");
}

Error make_error(std::string_view text, std::string_view server) {
    Row const& row = find(text);
    std::string detail = std::string{server} + ": ";
    if (!row.advice.empty()) detail += std::string{row.advice} + " (";
    detail += one_line(text, 500);
    if (!row.advice.empty()) detail += ")";
    return Error{row.fault.code, detail};
}

std::string without(std::string_view text, Secret const& secret) {
    std::string_view const hidden = secret.reveal();
    auto const trace = hidden.substr(0, shortest_trace);
    std::string out;
    for (auto at = text.find(trace); !trace.empty() && at != std::string_view::npos; at = text.find(trace)) {
        out += text.substr(0, at);
        out += to_string(secret);
        text.remove_prefix(at);
        auto const end = std::ranges::mismatch(text, hidden).in1;
        text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    }
    return out += text;
}

errc code_of(std::exception_ptr const& reason) {
    try {
        std::rethrow_exception(reason);
    } catch (Error const& error) {
        return error.which();
    } catch (std::exception const&) {
        return errc::unavailable;
    }
}

std::string describe(std::exception_ptr const& reason) {
    try {
        std::rethrow_exception(reason);
    } catch (Error const& error) {
        return error.detail().empty() ? error.what() : error.detail();
    } catch (boost::system::system_error const& error) {
        return error.code().message();
    } catch (std::exception const& error) {
        return error.what();
    }
}

}  // namespace cohort::redis
