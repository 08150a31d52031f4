// SPDX-License-Identifier: MIT
// Passwords, in every form in which one could slip out, looked for in all that is said of a Redis server:
// what is logged at level debug, thrown, listed, and kept by the server of what was asked. Waits are real.
#include "support/redis_server.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/log.hpp>
#include <cohort/open.hpp>
#include <cohort/register.hpp>
#include <cohort/run.hpp>
#include <cohort/url.hpp>
#include <cohort/worker.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <future>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

namespace redis_secrets_test {

using namespace std::chrono_literals;
using support::RedisServer;

int twice(int n) {
    return 2 * n;
}
COHORT_JOB(twice);

namespace {

bool is_skipped() {
    auto const schemes = cohort::open_schemes();
    bool const is_built = std::find(schemes.begin(), schemes.end(), "redis") != schemes.end();
    if (is_built && RedisServer::is_installed()) return false;
    std::cout << "SKIPPED: redis-server is not installed, or the Redis broker is not built\n";
    return true;
}

std::string const password = "p@ss:w/rd?#%1&open-sesame";
std::string const other_password = "w/rong@:words?#%2&open-sesame";

std::string percent(std::string const& text, char const* digits) {
    std::string out;
    for (unsigned char const c : text) {
        if (std::isalnum(c) != 0) {
            out += static_cast<char>(c);
        } else {
            out += '%';
            out += digits[c / 16];
            out += digits[c % 16];
        }
    }
    return out;
}

std::string in_url(std::string const& text) {
    return percent(text, "0123456789ABCDEF");
}

std::string base64(std::string const& text) {
    static constexpr char const* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (unsigned char const c : text) {
        bits = bits << 8 | c;
        for (count += 8; count >= 6; count -= 6)
            out += letters[bits >> (count - 6) & 63];
    }
    return out;  // its last letters say less than one of ours
}

// All that is said while it lives.
class Said {
public:
    Said() {
        cohort::set_log_level(cohort::LogLevel::debug);
        cohort::set_log_sink([this](cohort::LogLevel, std::string_view line) { add(std::string{line}); });
    }
    ~Said() {
        cohort::set_log_sink({});
        cohort::set_log_level(cohort::LogLevel::warn);
    }
    Said(Said const&) = delete;
    Said& operator=(Said const&) = delete;

    void add(std::string const& text) {
        std::lock_guard const lock{mutex_};
        all_ += text + "\n";
    }
    std::string text() const {
        std::lock_guard const lock{mutex_};
        return all_;
    }

private:
    mutable std::mutex mutex_;
    std::string all_;
};

void check_kept(std::string const& text) {
    for (auto const& secret : {password, other_password}) {
        for (auto const& form :
             {secret, in_url(secret), percent(secret, "0123456789abcdef"), base64(secret)}) {
            auto const at = text.find(form);
            INFO(text.substr(at == std::string::npos ? 0 : at - std::min<std::size_t>(at, 200), 400));
            CHECK(at == std::string::npos);
        }
    }
    // Nor the end of one, where the beginning was cut off.
    auto const end = text.find("open-sesame");
    INFO(text.substr(end == std::string::npos ? 0 : end - std::min<std::size_t>(end, 200), 400));
    CHECK(end == std::string::npos);
}

// What is thrown when a job is enqueued there.
std::string fault_of(std::string const& url) {
    try {
        cohort::BlockingClient client{url};
        client.enqueue_job<twice>(1);
    } catch (std::exception const& error) {
        return error.what();
    }
    return {};
}

bool has(std::string const& text, std::string const& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

std::string way(RedisServer const& server, std::string const& secret, std::string const& parameters = {}) {
    return "redis+unix://ann:" + in_url(secret) + "@" + server.socket() + "?timeout=1s&poll=1s" + parameters;
}

void let_in(RedisServer const& server) {
    server.ask("ACL SETUSER ann on '>" + password + "' '~*' '&*' +@all");
}

}  // namespace

TEST_CASE("on Redis, no password is in what is logged, thrown, listed, or kept by the server", "[F90][F56]") {
    if (is_skipped()) return;
    Said said;
    RedisServer server{{"--slowlog-log-slower-than", "0", "--slowlog-max-len", "1000"}};
    let_in(server);
    auto monitor = std::async(std::launch::async, [&] { return server.ask("MONITOR"); });
    {
        auto const broker = cohort::open_broker(way(server, password));
        said.add(std::string{broker->name()});
        cohort::Worker worker{way(server, password), {.upkeep = 100ms}};
        worker.add<twice>();
        cohort::BackgroundWorker const running{worker};
        cohort::BlockingClient client{broker};
        CHECK(client.call<twice>(2) == 4);
        auto const late = client.enqueue_job<twice>({.delay = 1h}, 2);
        CHECK(late.status().has_value());
        for (auto const& queue : cohort::run(broker->inspector()->queues()))
            said.add(queue.name);
        for (auto const& sentence : cohort::run(broker->inspector()->audit()))
            said.add(sentence);
        // Refused in the middle of all that.
        server.ask("ACL SETUSER ann resetpass '>something'");
        server.ask("CLIENT KILL USER ann");
        std::string told;
        for (int i = 0; i < 1000 && !has(told, "auth_failed"); ++i) {
            told = fault_of(way(server, password));
            said.add(told);
        }
        CHECK(has(told, "auth_failed"));
        CHECK(has(told, "ann:***@"));
        try {
            client.enqueue_job<twice>(1);
        } catch (cohort::Error const& error) {
            said.add(error.what());
        }
    }
    for (char const* question : {"CLIENT LIST", "SLOWLOG GET 1000", "ACL LOG", "INFO everything"})
        said.add(server.ask(question));
    server.ask("CLIENT KILL TYPE normal SKIPME yes");
    auto const heard = monitor.get();
    CHECK(has(heard, "\"SETNAME\""));
    said.add(heard);

    said.add(fault_of(way(server, other_password)));
    server.freeze();
    said.add(fault_of(way(server, password)));
    server.thaw();
    server.kill();
    said.add(fault_of(way(server, password)));

    CHECK(has(said.text(), "***"));
    CHECK(has(said.text(), "no connection within"));
    check_kept(said.text());
}

TEST_CASE("on Redis, a server that repeats what it was told does not make us tell the password", "[F90]") {
    if (is_skipped()) return;
    Said said;
    RedisServer const server{{"--rename-command", "AUTH", ""}};
    auto const told = fault_of(way(server, password));
    CHECK(has(told, "unknown command"));
    CHECK(has(told, "***"));
    said.add(told);
    // It is cut by the server, and so is what it repeats.
    std::string const endless(300, 'k');
    auto const cut = fault_of(way(server, endless));
    CHECK_FALSE(has(cut, "kkkk"));
    CHECK_FALSE(has(said.text(), "kkkk"));
    check_kept(said.text());
}

TEST_CASE("on Redis, passwords of sentinels, of stores and in faulty URLs are kept too", "[F90][B36][B37]") {
    if (is_skipped()) return;
    Said said;
    std::string const port = std::to_string(support::free_port());
    RedisServer const server{{"--port", port}};
    let_in(server);
    std::string const own = std::to_string(support::free_port());
    auto const sentinel = RedisServer::sentinel("port " + own + "\nrequirepass \"" + password +
                                                "\"\nsentinel monitor main 127.0.0.1 " + port + " 1\n");
    auto const by = [&](std::string const& secret, std::string const& sentinel_secret) {
        return "redis+sentinel://ann:" + in_url(secret) + "@127.0.0.1:" + own +
               "/0?master=main&timeout=1s&sentinel_password=" + in_url(sentinel_secret);
    };
    CHECK(fault_of(by(password, password)).empty());
    auto const refused = fault_of(by(password, other_password));
    CHECK(has(refused, "auth_failed"));
    said.add(refused);
    said.add(fault_of(by(other_password, password)));
    std::string const store = "?store=" + in_url("redis://ann:" + in_url(password) + "@h/0");
    said.add(fault_of("amqp://ann:" + in_url(other_password) + "@127.0.0.1:1" + store + "&timeout=100ms"));
    said.add(cohort::parse_url("amqp://ann:" + in_url(other_password) + "@h" + store).masked());
    said.add(fault_of("redis://ann:" + password + "@h"));
    said.add(fault_of("redis://ann:" + in_url(password) + "@h:99999"));
    said.add(fault_of("redis://ann:" + in_url(password) + "@h?tiemout=5s"));
    said.add(fault_of("redis+sentinel://a,b?master=m&sentinel_pasword=" + in_url(password)));
    CHECK(has(said.text(), "***"));
    check_kept(said.text());
}

}  // namespace redis_secrets_test
