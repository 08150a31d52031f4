// SPDX-License-Identifier: MIT
#include "redis/errors.hpp"

#include <catch2/catch.hpp>

namespace errors_test {

using namespace cohort;
using namespace cohort::redis;

TEST_CASE("each error of a server has its class, whoever passes it on") {
    struct Row {
        char const* text;
        errc code;
        Reaction reaction;
    };
    Row const rows[] = {
        {"OOM command not allowed when used memory > 'maxmemory'.", errc::storage_full, Reaction::tell},
        {"OOM command not allowed when used memory > 'maxmemory'. script: abc, on @user_script:3.",
         errc::storage_full, Reaction::tell},
        {"ERR Error running script (call to f_1b0): @user_script:12: @user_script: 12: -OOM command not "
         "allowed "
         "when used memory > 'maxmemory'.",
         errc::storage_full, Reaction::tell},
        {"MISCONF Redis is configured to save RDB snapshots", errc::storage_full, Reaction::tell},
        {"LOADING Redis is loading the dataset in memory", errc::unavailable, Reaction::reconnect},
        {"READONLY You can't write against a read only replica.", errc::unavailable, Reaction::reconnect},
        {"ERR READONLY You can't write against a read only replica.", errc::unavailable, Reaction::reconnect},
        {"UNBLOCKED force unblock from blocking operation", errc::unavailable, Reaction::reconnect},
        {"MASTERDOWN Link with MASTER is down", errc::unavailable, Reaction::reconnect},
        {"BUSY Redis is busy running a script.", errc::busy, Reaction::tell},
        {"NOAUTH Authentication required.", errc::auth_failed, Reaction::reconnect},
        {"WRONGPASS invalid username-password pair or user is disabled.", errc::auth_failed,
         Reaction::reconnect},
        {"ERR invalid password", errc::auth_failed, Reaction::reconnect},
        {"ERR The user executing the script can't run this command or subcommand script: 0a1, on "
         "@user_script:9.",
         errc::auth_failed, Reaction::tell},
        {"ERR ACL failure in script: User ann has no permissions to run the 'hset' command script: 0a1, on "
         "@user_script:9.",
         errc::auth_failed, Reaction::tell},
        {"NOPERM this user has no permissions to run the 'evalsha' command", errc::auth_failed,
         Reaction::tell},
        {"DENIED Redis is running in protected mode", errc::auth_failed, Reaction::reconnect},
        {"CROSSSLOT Keys in request don't hash to the same slot", errc::broker_unsupported, Reaction::tell},
        {"MOVED 3999 127.0.0.1:6381", errc::broker_unsupported, Reaction::tell},
        {"ASK 3999 127.0.0.1:6381", errc::broker_unsupported, Reaction::tell},
        {"TRYAGAIN Multiple keys request during rehashing of slot", errc::busy, Reaction::tell},
        {"CLUSTERDOWN The cluster is down", errc::unavailable, Reaction::tell},
        {"NOREPLICAS Not enough good replicas to write.", errc::unavailable, Reaction::tell},
        {"WRONGTYPE Operation against a key holding the wrong kind of value", errc::storage_corrupt,
         Reaction::tell},
        {"ERR max number of clients reached", errc::unavailable, Reaction::reconnect},
        {"ERR unknown command `LPOP`, with args beginning with:", errc::broker_unsupported, Reaction::tell},
        {"ERR DB index is out of range", errc::invalid_url, Reaction::reconnect},
        {"ERR something nobody has heard of", errc::protocol_error, Reaction::tell},
        {"", errc::protocol_error, Reaction::tell},
        {"OOMPH is no word of ours", errc::protocol_error, Reaction::tell},
    };
    for (auto const& [text, code, reaction] : rows) {
        INFO(text);
        CHECK(to_string(classify(text).code) == to_string(code));
        CHECK((classify(text).reaction == reaction));
    }
    CHECK(is_no_script("NOSCRIPT No matching script. Please use EVAL."));
    CHECK_FALSE(is_no_script("ERR NOSCRIPTS"));
}

TEST_CASE("a password that a server repeats is hidden, also where it was cut", "[F90]") {
    Secret const secret{"0123456789abcdefghij"};
    CHECK(without("no 'AUTH' '0123456789abcdefghij' here", secret) == "no 'AUTH' '***' here");
    CHECK(without("0123456789abcdefghij0123456789abcdefgh", secret) == "******");
    CHECK(without("'0123456789abcdefg", secret) == "'***");
    CHECK(without("of 0123 and 4567", secret) == "of 0123 and 4567");
    CHECK(without("AUTH pw", Secret{"pw"}) == "AUTH ***");
    CHECK(without("AUTH pw", Secret{}) == "AUTH pw");
    CHECK(without("", secret).empty());
}

}  // namespace errors_test
