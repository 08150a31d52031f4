// SPDX-License-Identifier: MIT
// Who reads what a server says: the loop that asks, as long as it asks alone and is there.
#include "io/home.hpp"
#include "redis/own_connection.hpp"

#include <cohort/redis.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace reading_test {

using namespace redis_test;
using namespace cohort::redis;

namespace {

// On the loop's thread; waits until it has returned.
void on(io::Loop& loop, std::function<void()> call) {
    std::promise<void> done;
    boost::asio::post(loop.executor(), [&] {
        call();
        done.set_value();
    });
    REQUIRE(done.get_future().wait_for(patience) == std::future_status::ready);
}

// A subscribed connection, and on which threads messages came.
class Heard {
public:
    explicit Heard(std::string const& url) : connection_{url, [this](auto, auto) { note(); }} {
        auto request = std::make_shared<Request>(Effect::none, patience);
        connection_->subscribe("news", request);
        REQUIRE(has_ended(*request));
    }

    Connection& connection() { return *connection_; }
    std::thread::id own_thread() {
        std::thread::id id;
        on(connection_.loop(), [&] { id = std::this_thread::get_id(); });
        return id;
    }
    // The thread on which the next message comes.
    std::thread::id say(std::string const& url) {
        {
            std::lock_guard const lock{mutex_};
            last_.reset();
        }
        auto const other = redis::open(parse_url(url));
        auto words = redis::command(*other, "PUBLISH", "news", "some");
        run(std::move(words));
        std::unique_lock lock{mutex_};
        REQUIRE(come_.wait_for(lock, patience, [this] { return last_.has_value(); }));
        return *last_;
    }
    // The connection changes hands some time after a message: soon they come on this thread.
    bool comes_to(std::thread::id thread, std::string const& url) {
        for (int i = 0; i < 100; ++i) {
            if (say(url) == thread) return true;
        }
        return false;
    }

private:
    void note() {
        std::lock_guard const lock{mutex_};
        last_ = std::this_thread::get_id();
        come_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable come_;
    std::optional<std::thread::id> last_;
    OwnConnection connection_;
};

std::thread::id thread_of(io::Loop& loop) {
    std::thread::id id;
    on(loop, [&] { id = std::this_thread::get_id(); });
    return id;
}

}  // namespace

TEST_CASE("a loop that asks alone reads its messages itself") {
    NEED_REDIS
    RedisServer const server;
    Heard heard{server.url()};
    CHECK(heard.say(server.url()) == heard.own_thread());

    io::Loop loop{"asks"};
    on(loop, [&] { heard.connection().listen(); });
    REQUIRE(heard.comes_to(thread_of(loop), server.url()));
    CHECK(heard.say(server.url()) == thread_of(loop));
}

TEST_CASE("where several loops ask, or a thread without one, the connection reads") {
    NEED_REDIS
    RedisServer const server;
    Heard heard{server.url()};
    io::Loop loop{"asks"};
    on(loop, [&] { heard.connection().listen(); });
    REQUIRE(heard.comes_to(thread_of(loop), server.url()));

    bool const is_loop = GENERATE(true, false);
    io::Loop other{"asks too"};
    if (is_loop)
        on(other, [&] { heard.connection().listen(); });
    else
        heard.connection().listen();
    CHECK(heard.say(server.url()) == heard.own_thread());
    on(loop, [&] { heard.connection().listen(); });
    heard.say(server.url());
    CHECK(heard.say(server.url()) == heard.own_thread());
}

TEST_CASE("when the loop that reads goes the connection reads, and then the next loop") {
    NEED_REDIS
    RedisServer const server;
    Heard heard{server.url()};
    std::optional<io::Loop> loop{std::in_place, "asks"};
    on(*loop, [&] { heard.connection().listen(); });
    REQUIRE(heard.comes_to(thread_of(*loop), server.url()));
    loop.reset();
    CHECK(heard.say(server.url()) == heard.own_thread());

    loop.emplace("asks next");
    on(*loop, [&] { heard.connection().listen(); });
    CHECK(heard.comes_to(thread_of(*loop), server.url()));
}

TEST_CASE("a loop that reads and is held up keeps no other from its answers") {
    NEED_REDIS
    RedisServer const server;
    OwnConnection connection{server.url()};
    io::Loop loop{"asks"};
    for (int i = 0; i < 3; ++i) {
        RequestPtr request;
        on(loop, [&] { request = ping(*connection); });
        REQUIRE(has_ended(*request));
    }
    std::promise<void> held;
    std::promise<void> go_on;
    boost::asio::post(loop.executor(), [&] {
        held.set_value();
        go_on.get_future().wait();
    });
    held.get_future().wait();
    auto const request = ping(*connection);
    CHECK(has_ended(*request));
    go_on.set_value();
}

TEST_CASE("a loop that is held up for longer than answers may take loses no connection") {
    NEED_REDIS
    RedisServer const server;
    OwnConnection connection{server.url() + "?timeout=200ms"};
    io::Loop loop{"asks"};
    RequestPtr request;
    on(loop, [&] { request = ping(*connection); });
    REQUIRE(has_ended(*request));
    on(loop, [&] { request = ping(*connection); });
    REQUIRE(has_ended(*request));
    on(loop, [&] {
        request = ping(*connection, "here", 200ms);
        CHECK(has_ended(*request));  // without this loop
    });
    CHECK(connection->generation() == 1);
}

TEST_CASE("answers longer than a read, and questions longer than a write, pass through a loop that reads") {
    NEED_REDIS
    RedisServer const server;
    OwnConnection connection{server.url()};
    io::Loop loop{"asks"};
    std::vector<RequestPtr> requests;
    for (int i = 0; i < 50; ++i) {
        std::string const text(static_cast<std::size_t>(i) * 100'000, static_cast<char>('a' + i % 26));
        on(loop, [&] { requests.push_back(ping(*connection, text)); });
        if (i % 10 == 0) CHECK(has_ended(*requests.back()));
    }
    for (std::size_t i = 0; i < requests.size(); ++i) {
        REQUIRE(has_ended(*requests[i]));
        auto const text = requests[i]->replies.front().view().text();
        CHECK(text.size() == i * 100'000);
        CHECK(text.find_first_not_of(static_cast<char>('a' + i % 26)) == std::string_view::npos);
    }
    CHECK(connection->generation() == 1);
}

}  // namespace reading_test
