// SPDX-License-Identifier: MIT
// What a worker asks the server for, as the server hears it.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

namespace slots_test {

using namespace rabbitmq_test;

TEST_CASE("the consumers of a worker with three queues may be given as many jobs as it has slots", "[F88]") {
    PlayedServer const server{[](Said const&) { return std::nullopt; }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker, {"a", "b", "c"}};
    CHECK(worker.claim(4, 50ms).jobs.empty());
    CHECK(server.count(AMQP_BASIC_CONSUME_METHOD) == 3);
    unsigned sum = 0;
    for (auto const& said : server.heard(AMQP_BASIC_QOS_METHOD)) {
        // A size in bytes comes first, which nobody limits.
        unsigned const share = rabbitmq::read_u16(std::string_view{said.fields}.substr(4));
        CHECK(share >= 1);
        sum += share;
    }
    CHECK(sum == 4);
}

}  // namespace slots_test
