// SPDX-License-Identifier: MIT
// Who hears tickets, while it is opened and dropped: nobody waits where nothing is heard.
#include "io/loop.hpp"
#include "rabbitmq/ear.hpp"
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>

namespace ear_test {

using namespace rabbitmq_test;

namespace {

// Gives each consumer a ticket.
std::optional<Reply> call(Said const& said) {
    if (said.id != AMQP_BASIC_CONSUME_METHOD) return std::nullopt;
    amqp_basic_consume_ok_t ok{};
    ok.consumer_tag = rabbitmq::bytes_of("c1");
    return Reply{method_of(said.channel, AMQP_BASIC_CONSUME_OK_METHOD, ok) +
                 delivery_of(said.channel, "c1", 1, head_of("t1", "", 0), "")};
}

}  // namespace

TEST_CASE("who comes to listen just while nobody hears any more opens another ear, and waits for no poll",
          "[F30]") {
    PlayedServer const server{call};
    rabbitmq::Config const config = rabbitmq::read_config(parse_url(server.url()), system_clock());
    io::Loop loop{"ear test"};
    auto const engine = std::make_shared<rabbitmq::Engine>(loop.executor(), config);
    auto const ear = std::make_shared<rabbitmq::Ear>(engine);
    std::vector<std::string> const queues{"main"};

    // A worker has been called, and found as much as it may take: the ticket is for somebody else.
    ear->enter();
    auto mark = ear->mark();
    while (mark.ticket == 0) {
        run(ear->listen(mark, queues, 1s));
        mark = ear->mark();
    }
    auto const held = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - held < 25ms)
        std::this_thread::yield();
    // It comes back before the broker's thread has got round to that.
    std::promise<void> awake;
    boost::asio::post(loop.executor(), [asleep = awake.get_future().share()] { asleep.wait(); });
    ear->leave();
    ear->enter();
    boost::asio::io_context waiting;
    bool is_called = false;
    boost::asio::co_spawn(waiting, ear->listen(ear->mark(), queues, 1h),
                          [&](std::exception_ptr) { is_called = true; });
    waiting.poll();
    CHECK_FALSE(is_called);
    awake.set_value();

    waiting.run_for(std::chrono::seconds{20});
    CHECK(is_called);
    ear->leave();
    std::promise<void> closed;
    boost::asio::post(loop.executor(), [&] {
        ear->close();
        engine->close();
        closed.set_value();
    });
    closed.get_future().wait();
}

}  // namespace ear_test
