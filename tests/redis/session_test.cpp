// SPDX-License-Identifier: MIT
// Conversations without a socket: what is written, what is answered, what becomes of the requests.
#include "redis/session.hpp"

#include <cohort/error.hpp>

#include <catch2/catch.hpp>

namespace session_test {

using namespace cohort;
using namespace cohort::redis;

namespace {

using Time = Session::Time;

Config config_of(char const* url) {
    return read_config(parse_url(url), system_clock());
}

RequestPtr ask(Effect effect, Duration limit = 5s) {
    auto request = std::make_shared<Request>(effect, limit);
    request->add({"PING"});
    return request;
}

std::string bulk(std::string const& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

std::string const healthy_server = bulk("# Server\r\nredis_version:7.0.15\r\n");
std::string const healthy_memory = bulk("# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n");
std::string const healthy_role = bulk("# Replication\r\nrole:master\r\n");
std::string const healthy = healthy_server + healthy_memory + healthy_role;
std::string const welcome = healthy + "+OK\r\n:7\r\n";

errc code_of(std::exception_ptr const& error) {
    if (!error) return errc::ok;
    try {
        std::rethrow_exception(error);
    } catch (Error const& known) {
        return known.which();
    }
}

errc fault_of(Session& session, std::string const& bytes) {
    try {
        session.feed(bytes, Time{});
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

std::exception_ptr broken() {
    return std::make_exception_ptr(Error{errc::unavailable, "end of file"});
}

}  // namespace

TEST_CASE("nothing is sent before the greeting has been answered") {
    Config const config = config_of("redis://ann:secret@h:6379/3?name=me");
    Session session{config, "commands", {}};
    auto const request = ask(Effect::write);
    session.add(request, Time{});
    CHECK(session.take_output(Time{}).empty());

    session.open({}, Time{});
    std::string const greeting = session.take_output(Time{});
    CHECK(greeting.find("AUTH\r\n$3\r\nann\r\n$6\r\nsecret\r\n") != std::string::npos);
    CHECK(greeting.find("SELECT\r\n$1\r\n3\r\n") != std::string::npos);
    CHECK(greeting.find("me:commands") != std::string::npos);
    CHECK(greeting.find("PING") == std::string::npos);
    session.feed("+OK\r\n" + healthy + "+OK\r\n+OK\r\n", Time{});
    CHECK_FALSE(session.is_ready());
    session.feed(":12\r\n", Time{});

    CHECK(session.is_ready());
    CHECK(session.client_id() == 12);
    CHECK(session.take_output(Time{}) == "*1\r\n$4\r\nPING\r\n");
    session.feed("+PONG\r\n", Time{});
    REQUIRE(request->is_ended());
    CHECK(request->replies.front().view().text() == "PONG");
}

TEST_CASE("a server that would lose jobs is refused, with what to do", "[F53][B40][I01]") {
    Config const config = config_of("redis://h");
    for (auto const& [memory, code] :
         {std::pair{"maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n", errc::broker_unsupported},
          std::pair{"maxmemory:0\r\nmaxmemory_policy:allkeys-lfu\r\n", errc::broker_unsupported},
          std::pair{"maxmemory:1000\r\nmaxmemory_policy:noeviction\r\n", errc::ok},
          std::pair{"maxmemory:1000\r\nmaxmemory_policy:volatile-lru\r\n", errc::ok}}) {
        Session session{config, "commands", {}};
        session.open({}, Time{});
        session.take_output(Time{});
        INFO(memory);
        CHECK(fault_of(session, healthy_server + bulk(memory)) == code);
    }
    for (auto const& [version, code] :
         {std::pair{"6.0.16", errc::broker_unsupported}, std::pair{"5.0", errc::broker_unsupported},
          std::pair{"6.2.0", errc::ok}, std::pair{"7.2.4", errc::ok}, std::pair{"10.0.0", errc::ok}}) {
        Session session{config, "commands", {}};
        session.open({}, Time{});
        session.take_output(Time{});
        INFO(version);
        CHECK(fault_of(session, bulk("redis_version:" + std::string{version} + "\r\n")) == code);
    }
}

TEST_CASE("a replica is refused, or is a trouble that passes where it was a primary before", "[F43][B40]") {
    Config const config = config_of("redis://h");
    std::string const replica = bulk("role:slave\r\nmaster_host:db1\r\nmaster_port:7\r\n");
    Session session{config, "commands", {}};
    session.open({}, Time{});
    session.take_output(Time{});
    CHECK(fault_of(session, healthy_server + healthy_memory + replica) == errc::broker_unsupported);
    session.lost(broken());
    session.open({}, Time{});
    session.take_output(Time{});
    CHECK(fault_of(session, welcome) == errc::ok);
    session.lost(broken());
    session.open({}, Time{});
    session.take_output(Time{});
    CHECK(fault_of(session, healthy_server + healthy_memory + replica) == errc::unavailable);
}

TEST_CASE("what is asked while credentials are refused ends with that, however long the next attempt takes",
          "[F56]") {
    Config const config = config_of("redis://ann:secret@h");
    Session session{config, "commands", {}};
    session.open({}, Time{});
    session.take_output(Time{});
    std::exception_ptr reason;
    try {
        session.feed("-WRONGPASS invalid username-password pair or user is disabled.\r\n", Time{});
    } catch (Error const&) {
        reason = std::current_exception();
    }
    session.lost(reason);
    auto const late = ask(Effect::write, 2s);
    session.add(late, Time{});
    session.expire(Time{} + 2s);
    REQUIRE(late->is_ended());
    CHECK(code_of(late->error) == errc::auth_failed);
}

TEST_CASE("wrong credentials are told to everybody who waits, and not the password", "[F56][F90]") {
    Config const config = config_of("redis://ann:secret@h");
    Session session{config, "commands", {}};
    auto const request = ask(Effect::write);
    session.add(request, Time{});
    session.open({}, Time{});
    session.take_output(Time{});
    std::exception_ptr reason;
    try {
        session.feed("-WRONGPASS invalid username-password pair or user is disabled.\r\n", Time{});
    } catch (Error const& error) {
        CHECK(std::string{error.what()}.find("secret") == std::string::npos);
        reason = std::current_exception();
    }
    REQUIRE(reason);
    session.lost(reason);
    REQUIRE(request->is_ended());
    CHECK(code_of(request->error) == errc::auth_failed);
}

TEST_CASE("when the connection ends, what was written is uncertain and what was not has not happened") {
    Config const config = config_of("redis://h");
    Session session{config, "commands", {}};
    session.open({}, Time{});
    session.take_output(Time{});
    session.feed(welcome, Time{});
    auto const write = ask(Effect::write);
    auto const read = ask(Effect::none);
    session.add(write, Time{});
    session.add(read, Time{});
    session.take_output(Time{});
    auto const later = ask(Effect::write);
    session.add(later, Time{});

    session.lost(broken());

    CHECK(code_of(write->error) == errc::uncertain);
    CHECK(code_of(read->error) == errc::unavailable);
    CHECK(code_of(later->error) == errc::unavailable);
}

TEST_CASE("an answer that was under way when the connection ended is not taken for another request's",
          "[F69]") {
    Config const config = config_of("redis://h");
    Session session{config, "commands", {}};
    session.open({}, Time{});
    session.take_output(Time{});
    session.feed(welcome, Time{});
    session.add(ask(Effect::write), Time{});
    session.take_output(Time{});
    session.feed("$5\r\nhal", Time{});
    session.lost(broken());

    auto const request = ask(Effect::write);
    session.add(request, Time{});
    session.open({}, Time{});
    session.take_output(Time{});
    session.feed(welcome, Time{});
    session.take_output(Time{});
    session.feed("+PONG\r\n", Time{});

    CHECK(request->replies.front().view().text() == "PONG");
}

TEST_CASE("a request that was withdrawn is never sent") {
    Config const config = config_of("redis://h");
    Session session{config, "commands", {}};
    session.open({}, Time{});
    session.take_output(Time{});
    auto const request = ask(Effect::write);
    session.add(request, Time{});
    CHECK(request->withdraw());
    session.feed(welcome, Time{});
    CHECK(session.take_output(Time{}).empty());
}

TEST_CASE(
    "a request that finds no connection ends at its deadline, one without an answer ends the connection",
    "[F66]") {
    Config const config = config_of("redis://h");
    Session session{config, "commands", {}};
    auto const waiting = ask(Effect::write, 2s);
    session.add(waiting, Time{});
    REQUIRE(session.deadline() == Time{} + 2s);
    CHECK_FALSE(session.expire(Time{} + 1s));
    CHECK_FALSE(session.expire(Time{} + 2s));
    CHECK(code_of(waiting->error) == errc::unavailable);

    session.open({}, Time{});
    session.take_output(Time{});
    session.feed(welcome, Time{});
    session.add(ask(Effect::write, 2s), Time{});
    session.take_output(Time{});
    CHECK_FALSE(session.expire(Time{} + 1s));
    CHECK(session.expire(Time{} + 2s));
}

TEST_CASE("the wrong server is left, and what it answered is kept", "[B40]") {
    Config const config = config_of("redis://h");
    Session session{config, "commands", {}};
    session.open({}, Time{});
    session.take_output(Time{});
    session.feed(welcome, Time{});
    auto const first = ask(Effect::write);
    auto const second = ask(Effect::none);
    session.add(first, Time{});
    session.add(second, Time{});
    session.take_output(Time{});

    CHECK(fault_of(session, "-READONLY You can't write against a read only replica.\r\n+PONG\r\n") ==
          errc::unavailable);

    CHECK(first->is_ended());
    CHECK(second->replies.front().view().text() == "PONG");
}

TEST_CASE("an answer to nothing is a broken protocol") {
    Config const config = config_of("redis://h");
    Session session{config, "commands", {}};
    session.open({}, Time{});
    session.take_output(Time{});
    session.feed(welcome, Time{});
    CHECK(fault_of(session, "+PONG\r\n") == errc::protocol_error);
}

TEST_CASE("messages are told apart from answers, and channels are subscribed with each greeting") {
    Config const config = config_of("redis://h");
    std::string heard;
    Session session{config, "watch", [&](std::string_view channel, std::string_view payload) {
                        heard += std::string{channel} + "=" + std::string{payload} + ";";
                    }};
    session.open({"c1"}, Time{});
    CHECK(session.take_output(Time{}).find("SUBSCRIBE\r\n$2\r\nc1\r\n") != std::string::npos);
    session.feed(welcome + "*3\r\n$9\r\nsubscribe\r\n$2\r\nc1\r\n:1\r\n", Time{});
    REQUIRE(session.is_ready());
    auto const ping = ask(Effect::none);
    session.add(ping, Time{});
    session.take_output(Time{});

    session.feed("*3\r\n$7\r\nmessage\r\n$2\r\nc1\r\n$2\r\nhi\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n", Time{});

    CHECK(heard == "c1=hi;");
    CHECK(ping->is_ended());
}

}  // namespace session_test
