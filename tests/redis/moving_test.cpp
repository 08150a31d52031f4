// SPDX-License-Identifier: MIT
// A server whose name comes to mean another address, or means several.
#include "redis/server.hpp"
#include "support/slowness.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <mutex>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace moving_test {

std::mutex mutex;
std::vector<std::string> addresses{"127.0.0.1"};
int asked = 0;

}  // namespace moving_test

// Stands before that of the C library, for this program: one name is ours.
extern "C" int getaddrinfo(char const* node, char const* service, addrinfo const* hints, addrinfo** result) {
    using Function = int (*)(char const*, char const*, addrinfo const*, addrinfo**);
    static auto const real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    if (node == nullptr || std::string_view{node} != "moving.test") return real(node, service, hints, result);
    std::lock_guard const lock{moving_test::mutex};
    ++moving_test::asked;
    // One behind the other, as the C library has them.
    addrinfo** end = result;
    for (auto const& address : moving_test::addresses) {
        int const fault = real(address.c_str(), service, hints, end);
        if (fault != 0) return fault;
        while (*end != nullptr)
            end = &(*end)->ai_next;
    }
    return 0;
}

namespace moving_test {

using namespace redis_test;

namespace {

// What a name means, as long as this is there.
class Meaning {
public:
    explicit Meaning(std::vector<std::string> means) {
        std::lock_guard const lock{mutex};
        addresses = std::move(means);
        asked = 0;
    }
    ~Meaning() {
        std::lock_guard const lock{mutex};
        addresses = {"127.0.0.1"};
    }
    Meaning(Meaning const&) = delete;
    Meaning& operator=(Meaning const&) = delete;
};

// An address where a connection is neither taken nor refused: nobody takes those that wait, and no more may
// wait.
class SilentAddress {
public:
    SilentAddress(char const* host, int port) {
        address_.sin_family = AF_INET;
        address_.sin_port = htons(static_cast<std::uint16_t>(port));
        ::inet_pton(AF_INET, host, &address_.sin_addr);
        int const listener = open();
        REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address_), sizeof address_) == 0);
        REQUIRE(::listen(listener, 0) == 0);
        for (int i = 0; i < 4; ++i)
            ::connect(open(), reinterpret_cast<sockaddr*>(&address_), sizeof address_);
    }
    ~SilentAddress() {
        for (int const fd : sockets_)
            ::close(fd);
    }
    SilentAddress(SilentAddress const&) = delete;
    SilentAddress& operator=(SilentAddress const&) = delete;

private:
    int open() {
        sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        return sockets_.back();
    }

    sockaddr_in address_{};
    std::vector<int> sockets_;
};

}  // namespace

TEST_CASE("an address that swallows everything does not take the time of the next one", "[F73]") {
    NEED_REDIS
    int const port = support::free_port();
    Meaning const meaning{{"127.0.0.3", "127.0.0.1"}};
    SilentAddress const silent{"127.0.0.3", port};
    RedisServer const server{{"--port", std::to_string(port), "--bind", "127.0.0.1"}};
    auto const broker = open("redis://moving.test:" + std::to_string(port) + "?timeout=2s");
    auto const begun = std::chrono::steady_clock::now();

    run(broker->push(one("a")));

    CHECK(since(begun) > 500ms);  // the first was tried
    CHECK(since(begun) < 2s * support::slowness);
    CHECK(server.ask("HEXISTS 'cohort:{:main}:jobs' a") == "1");
}

TEST_CASE("the name of a server is looked up anew for each connection", "[F75]") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
    Meaning const meaning{{"127.0.0.1"}};
    auto const options = [&](std::string const& where) {
        return std::vector<std::string>{"--port", port, "--bind", where};
    };
    auto before = std::make_unique<RedisServer>(options("127.0.0.1"));
    auto const broker = open("redis://moving.test:" + port + "?timeout=1s");
    run(broker->push(one("a")));
    {
        std::lock_guard const lock{mutex};
        CHECK(asked == 1);
    }

    before.reset();
    CHECK(code_of(broker->push(one("b"))) != errc::ok);
    RedisServer const after{options("127.0.0.2")};
    {
        std::lock_guard const lock{mutex};
        addresses = {"127.0.0.2"};
    }
    // The longest pause between two attempts, and a second.
    CHECK(becomes_true([&] { return code_of(broker->push(one("c"))) == errc::ok; }, 11s));
    CHECK(after.ask("HEXISTS 'cohort:{:main}:jobs' c") == "1");
}

}  // namespace moving_test
