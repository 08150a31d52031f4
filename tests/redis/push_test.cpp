// SPDX-License-Identifier: MIT
// What a push says when it is asked to end while the server is at it.
#include "redis/server.hpp"

namespace push_test {

using namespace redis_test;

namespace {

// A push on a loop of its own, which can be asked to end.
class Pushing {
public:
    Pushing(Broker& broker, std::string id)
        : results_{boost::asio::co_spawn(
              loop_, broker.push(one(std::move(id))),
              boost::asio::bind_cancellation_slot(signal_.slot(), boost::asio::use_future))},
          thread_{[this] { loop_.run(); }} {}
    ~Pushing() { thread_.join(); }
    Pushing(Pushing const&) = delete;
    Pushing& operator=(Pushing const&) = delete;

    // Returns when it has been asked.
    void cancel() {
        std::promise<void> asked;
        boost::asio::post(loop_, [&] {
            signal_.emit(boost::asio::cancellation_type::terminal);
            asked.set_value();
        });
        asked.get_future().wait();
    }
    std::vector<PushResult> results() { return results_.get(); }

private:
    boost::asio::io_context loop_;
    boost::asio::cancellation_signal signal_;
    std::future<std::vector<PushResult>> results_;
    std::thread thread_;
};

}  // namespace

TEST_CASE(
    "a push that is cancelled while the server stores it says that it is stored, whatever is left to do",
    "[F51]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const queues = [&] { return run(broker->inspector()->queues()).size(); };
    run(broker->push(one("a")));
    server.ask("FLUSHALL");
    server.ask("CLIENT PAUSE 60000 WRITE");
    {
        Pushing pushing{*broker, "b"};
        // It has arrived there, and nothing can take it back.
        CHECK(becomes_true([&] { return server.ask("CLIENT LIST").find("flags=b") != std::string::npos; }));
        pushing.cancel();
        server.ask("CLIENT UNPAUSE");
        CHECK(pushing.results().at(0).verdict == PushVerdict::stored);
    }
    CHECK(run(broker->status({{"main", "b"}})).at(0).has_value());
    // The list of queues was empty; the next push has the time for it.
    run(broker->push(one("c")));
    CHECK(queues() == 1);
}

}  // namespace push_test
