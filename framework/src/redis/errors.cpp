// SPDX-License-Identifier: MIT
#include "redis/errors.hpp"

#include <cohort/log.hpp>

#include <boost/system/system_error.hpp>

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

constexpr Row max_clients{"max number of clients", {errc::unavailable, Reaction::reconnect}};
constexpr Row unknown_command{
    "unknown command", {errc::broker_unsupported, Reaction::tell}, "Redis 6.2 is needed"};
constexpr Row bad_database{"DB index is out of range", {errc::invalid_url, Reaction::reconnect}};
constexpr Row bad_password{"invalid password", {errc::auth_failed, Reaction::reconnect}};
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
    for (auto const* row : {&max_clients, &unknown_command, &bad_database, &bad_password}) {
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
