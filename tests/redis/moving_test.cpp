// SPDX-License-Identifier: MIT
// A server whose name comes to mean another address.
#include "redis/server.hpp"

#include <dlfcn.h>
#include <mutex>
#include <netdb.h>

namespace moving_test {

std::mutex mutex;
std::string address = "127.0.0.1";
int asked = 0;

}  // namespace moving_test

// Stands before that of the C library, for this program: one name is ours.
extern "C" int getaddrinfo(char const* node, char const* service, addrinfo const* hints, addrinfo** result) {
    using Function = int (*)(char const*, char const*, addrinfo const*, addrinfo**);
    static auto const real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    if (node == nullptr || std::string_view{node} != "moving.test") return real(node, service, hints, result);
    std::lock_guard const lock{moving_test::mutex};
    ++moving_test::asked;
    return real(moving_test::address.c_str(), service, hints, result);
}

namespace moving_test {

using namespace redis_test;

TEST_CASE("the name of a server is looked up anew for each connection", "[F75]") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
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
        address = "127.0.0.2";
    }
    // The longest pause between two attempts, and a second.
    CHECK(becomes_true([&] { return code_of(broker->push(one("c"))) == errc::ok; }, 11s));
    CHECK(after.ask("HEXISTS 'cohort:{:main}:jobs' c") == "1");
}

}  // namespace moving_test
