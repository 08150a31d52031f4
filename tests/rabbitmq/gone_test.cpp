// SPDX-License-Identifier: MIT
// What somebody deletes on the server while it is in use comes back by itself. Where the server's own time is
// waited for, it passes.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

#include <atomic>

namespace gone_test {

using namespace rabbitmq_test;

TEST_CASE("an outcome that could not be said, because nothing could be declared, may be said again",
          "[F51]") {
    std::atomic<bool> is_short{false};
    amqp_channel_close_t close{};
    close.reply_code = 506;
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id == AMQP_QUEUE_DECLARE_METHOD && is_short)
            return Reply{method_of(said.channel, AMQP_CHANNEL_CLOSE_METHOD, close)};
        if (said.id == AMQP_QUEUE_BIND_METHOD && is_short) return Reply{};  // of that channel
        if (said.id != AMQP_BASIC_CONSUME_METHOD) return std::nullopt;
        amqp_basic_consume_ok_t ok{};
        ok.consumer_tag = rabbitmq::bytes_of("c1");
        return Reply{method_of(said.channel, AMQP_BASIC_CONSUME_OK_METHOD, ok) +
                     delivery_of(said.channel, "c1", 1, head_of("j1", "shop.add", 5), "[1,2]")};
    }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker};
    auto const job = worker.claim(1, 5s).jobs.at(0);
    std::vector<Settlement> settlements(1);
    settlements[0].ref = job.ref;
    settlements[0].token = *job.token;
    settlements[0].kind = SettleKind::released;
    settlements[0].delay = 100ms;
    is_short = true;
    CHECK(code_of(broker->settle(settlements)) == errc::unavailable);
    is_short = false;
    CHECK(run(broker->settle(settlements)).at(0) == Verdict::accepted);
    CHECK(server.count(AMQP_BASIC_PUBLISH_METHOD) == 1);
}

}  // namespace gone_test
