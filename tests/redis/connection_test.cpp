// SPDX-License-Identifier: MIT
// One connection that several threads ask at once.
#include "io/loop.hpp"
#include "redis/connection.hpp"
#include "redis/server.hpp"

#include <string>
#include <vector>

namespace connection_test {

using namespace redis_test;
using namespace cohort::redis;

namespace {

constexpr int most = 2000;

// RPUSH answers with the length of the list, so that each answer tells the place in the order.
std::vector<RequestPtr> push_all(Connection& connection, std::string const& list) {
    std::vector<RequestPtr> requests;
    for (int i = 0; i < most; ++i) {
        auto request = std::make_shared<Request>(Effect::write, std::chrono::minutes{1});
        // Now and then more than the system takes at once.
        std::string const text(i % 100 == 0 ? 300'000 : 200, 'x');
        request->add({"RPUSH", list, text});
        connection.submit(request);
        requests.push_back(std::move(request));
    }
    return requests;
}

void wait_for(Request const& request) {
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!request.is_ended() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    REQUIRE(request.is_ended());
}

}  // namespace

TEST_CASE("what each of several threads asks on one connection is sent whole and in its order") {
    NEED_REDIS
    RedisServer const server;
    auto const config = read_config(parse_url(server.url()), system_clock());
    io::Loop loop{"test"};
    auto const connection =
        std::make_shared<Connection>(loop.executor(), config, locate_first(config), "test");

    std::vector<std::future<std::vector<RequestPtr>>> threads;
    for (char const* list : {"a", "b", "c", "d"})
        threads.push_back(
            std::async(std::launch::async, [&connection, list] { return push_all(*connection, list); }));
    for (auto& thread : threads) {
        auto const requests = thread.get();
        for (int i = 0; i < most; ++i) {
            Request const& request = *requests[static_cast<std::size_t>(i)];
            wait_for(request);
            REQUIRE_FALSE(request.has_failed());
            REQUIRE(request.replies.front().view().integer() == i + 1);
        }
    }
    connection->close();
}

}  // namespace connection_test
