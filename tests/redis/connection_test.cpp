// SPDX-License-Identifier: MIT
// One connection that several threads ask at once.
#include "redis/own_connection.hpp"

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

}  // namespace

TEST_CASE("what each of several threads asks on one connection is sent whole and in its order") {
    NEED_REDIS
    RedisServer const server;
    OwnConnection connection{server.url()};

    std::vector<std::future<std::vector<RequestPtr>>> threads;
    for (char const* list : {"a", "b", "c", "d"})
        threads.push_back(
            std::async(std::launch::async, [&connection, list] { return push_all(*connection, list); }));
    for (auto& thread : threads) {
        auto const requests = thread.get();
        for (int i = 0; i < most; ++i) {
            Request const& request = *requests[static_cast<std::size_t>(i)];
            REQUIRE(has_ended(request));
            REQUIRE(request.replies.front().view().integer() == i + 1);
        }
    }
}

}  // namespace connection_test
