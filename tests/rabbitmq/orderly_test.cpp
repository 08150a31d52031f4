// SPDX-License-Identifier: MIT
// Who goes in order has been understood: the last acks are taken before the connection ends.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

#include <algorithm>
#include <mutex>

namespace orderly_test {

using namespace rabbitmq_test;

namespace {

// What is said on the channel on which something is acked, in its order.
class Notes {
public:
    void take(Said const& said) {
        std::lock_guard const lock{mutex_};
        all_.push_back(said);
    }
    std::string behind_first_ack() const {
        std::lock_guard const lock{mutex_};
        auto const ack = std::find_if(all_.begin(), all_.end(),
                                      [](Said const& said) { return said.id == AMQP_BASIC_ACK_METHOD; });
        std::string words;
        for (auto at = ack; at != all_.end(); ++at) {
            if (at->channel != ack->channel) continue;
            words += at->id == AMQP_BASIC_ACK_METHOD       ? "ack "
                     : at->id == AMQP_BASIC_QOS_METHOD     ? "question "
                     : at->id == AMQP_CHANNEL_CLOSE_METHOD ? "close "
                                                           : "";
        }
        return words;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Said> all_;
};

Reply give(Said const& said, std::string_view type, std::string_view body) {
    amqp_basic_consume_ok_t ok{};
    ok.consumer_tag = rabbitmq::bytes_of("c1");
    return Reply{method_of(said.channel, AMQP_BASIC_CONSUME_OK_METHOD, ok) +
                 delivery_of(said.channel, "c1", 1, head_of("j1", type, body.size()), body)};
}

}  // namespace

TEST_CASE("a worker that retires goes when the server has its last acks", "[F05][F24]") {
    Notes notes;
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        notes.take(said);
        if (said.id == AMQP_BASIC_CONSUME_METHOD) return give(said, "shop.add", "[1,2]");
        return std::nullopt;
    }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker};
    auto const job = worker.claim(1, 5s).jobs.at(0);
    CHECK(worker.settle(job) == Verdict::accepted);
    run(broker->retire(worker.incarnation));
    // What was said before has been heard when the next question is answered.
    worker.begin();
    CHECK(notes.behind_first_ack() == "ack question close ");
}

TEST_CASE("a watch that was told nothing more ends when the server has the ack of what was told before",
          "[F30]") {
    Notes notes;
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        notes.take(said);
        if (said.id == AMQP_BASIC_CONSUME_METHOD) return give(said, "succeeded", "3");
        return std::nullopt;
    }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    REQUIRE(watch(*broker).size() == 1);
    CHECK(watch(*broker, 1ms).empty());
    CHECK(notes.behind_first_ack() == "ack question ");
    // Nothing is new, so nothing is asked.
    CHECK(watch(*broker, 1ms).empty());
    CHECK(notes.behind_first_ack() == "ack question ");
}

}  // namespace orderly_test
