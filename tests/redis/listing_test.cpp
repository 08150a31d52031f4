// SPDX-License-Identifier: MIT
// What a page of a long queue costs the way between the server and who looks.
#include "redis/server.hpp"

namespace listing_test {

using namespace redis_test;

namespace {

std::int64_t sent(RedisServer const& server) {
    std::string const stats = server.ask("INFO stats");
    std::string const name = "total_net_output_bytes:";
    return std::stoll(stats.substr(stats.find(name) + name.size()));
}

}  // namespace

TEST_CASE("pages of a long queue are in the order of storing, and little is sent that is on none of them") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    constexpr std::size_t all = 20'000;
    for (std::size_t at = 0; at < all; at += 1000) {
        std::vector<NewJob> jobs;
        for (std::size_t i = at; i < at + 1000; ++i)
            jobs.push_back(make_job("j" + std::to_string(i)));
        run(broker->push(std::move(jobs)));
    }
    ListParams params;
    params.queue = "main";
    params.limit = 50;
    std::size_t next = 0;
    for (int pages = 0; pages < 5; ++pages) {
        auto const before = sent(server);
        auto const page = run(broker->inspector()->list(params));
        CHECK(sent(server) - before < 100'000);  // five times that are the numbers and ids of all
        REQUIRE(page.jobs.size() == 50);
        for (auto const& job : page.jobs)
            CHECK(job.ref.id == "j" + std::to_string(next++));
        REQUIRE_FALSE(page.next.empty());
        params.after = page.next;
    }
    params.limit = 1000;
    params.after.clear();
    next = 0;
    do {
        auto const page = run(broker->inspector()->list(params));
        next += page.jobs.size();
        params.after = page.next;
    } while (!params.after.empty());
    CHECK(next == all);
}

}  // namespace listing_test
