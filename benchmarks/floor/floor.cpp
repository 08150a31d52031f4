// SPDX-License-Identifier: MIT
// What Asio alone takes for the coroutines of a job, without a broker, a client or a worker. Compare the
// instructions of two runs of different length:
//
//   valgrind --tool=callgrind build/release/benchmarks/cohort_floor whole 100000
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
template<class T>
using awaitable = asio::awaitable<T, asio::any_io_executor>;

constexpr std::uint64_t at_once = 200;

// The cheapest way to wait for another coroutine: its handler in a list, and one post for all that are in it.
class Turn {
public:
    explicit Turn(asio::io_context& context) : context_{context} {}

    auto wait() {
        return [this]<class Token>(Token&& token)
            requires(!std::is_pointer_v<std::decay_t<Token>>)
        {
            auto begin = [this](auto&& handler) { add(std::move(handler)); };
            return asio::async_initiate<Token, void(bool)>(begin, token);
        };
    }

private:
    using Handler = asio::detail::awaitable_async_op_handler<void(bool), asio::any_io_executor>;

    void add(Handler handler) {
        waiting_.push_back(std::move(handler));
        if (waiting_.size() > 1) return;
        asio::post(context_, [this] {
            going_on_.swap(waiting_);
            for (auto& one : going_on_)
                one(true);
            going_on_.clear();
        });
    }

    asio::io_context& context_;
    std::vector<Handler> waiting_;
    std::vector<Handler> going_on_;
};

struct Floor {
    asio::io_context context{1};
    Turn turn{context};
    std::uint64_t left = 0;

    bool goes_on() noexcept { return left > 0 && left-- > 0; }
};

awaitable<std::uint64_t> leaf(std::uint64_t n) {
    co_return n + 1;
}
awaitable<std::uint64_t> around(std::uint64_t n) {
    std::uint64_t const got = co_await leaf(n);
    co_return got;
}
awaitable<bool> after_a_turn(Floor& floor) {
    bool const woken = co_await floor.turn.wait();
    co_return woken;
}
awaitable<bool> around_a_turn(Floor& floor) {
    bool const woken = co_await after_a_turn(floor);
    co_return woken;
}

// Two frames that do not wait.
awaitable<void> frames(Floor& floor) {
    while (floor.goes_on())
        co_await around(1);
}
// One wait, shared by all that wait.
awaitable<void> turns(Floor& floor) {
    while (floor.goes_on())
        co_await floor.turn.wait();
}
// One wait, each by a handler of its own.
awaitable<void> posts(Floor& floor) {
    while (floor.goes_on())
        co_await asio::post(floor.context, asio::use_awaitable);
}
awaitable<void> spawns(Floor& floor) {
    while (floor.goes_on()) {
        asio::co_spawn(floor.context, around(1), asio::detached);
        co_await floor.turn.wait();
    }
}
// As many frames and waits as a job of ours has: two frames and a wait to be stored, a wait of the one that
// runs it and two frames of the body, two frames and a wait for the result.
awaitable<void> whole(Floor& floor) {
    while (floor.goes_on()) {
        co_await around_a_turn(floor);
        co_await floor.turn.wait();
        co_await around(1);
        co_await around_a_turn(floor);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::map<std::string, std::function<awaitable<void>(Floor&)>> const shapes{
        {"frames", frames}, {"turns", turns}, {"posts", posts}, {"spawns", spawns}, {"whole", whole}};
    auto const shape = argc == 3 ? shapes.find(argv[1]) : shapes.end();
    if (shape == shapes.end()) {
        std::fprintf(stderr, "usage: %s frames|turns|posts|spawns|whole TIMES\n", argv[0]);
        return 1;
    }
    std::uint64_t const times = std::strtoull(argv[2], nullptr, 10);
    Floor floor;
    floor.left = times;
    for (std::uint64_t i = 0; i < at_once; ++i)
        asio::co_spawn(floor.context, shape->second(floor), asio::detached);
    auto const begun = std::chrono::steady_clock::now();
    floor.context.run();
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begun;
    std::printf("%s: %.0f a second\n", argv[1], static_cast<double>(times) / took.count());
}
