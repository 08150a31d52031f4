// SPDX-License-Identifier: MIT
// How replies are told: acked when they were, kept by the server until then. The server is real, and so is
// the client that is killed.
#include "rabbitmq/replies.hpp"
#include "rabbitmq/server.hpp"
#include "support/slowness.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <csignal>
#include <future>
#include <set>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace replies_test {

using namespace rabbitmq_test;

namespace {

constexpr std::size_t most_held = rabbitmq::Replies::most_held;

struct Depth {
    std::size_t ready = 0;
    std::size_t given = 0;  // and not acked
};

Depth replies_in(Space const& space) {
    std::istringstream lines{
        support::rabbitmqctl("-q list_queues name messages_ready messages_unacknowledged")};
    Depth depth;
    for (std::string name, ready, given; lines >> name >> ready >> given;) {
        if (name == "cohort:" + space.name + ":replies:c1") depth = {std::stoul(ready), std::stoul(given)};
    }
    return depth;
}

void run_jobs(Broker& broker, std::size_t count, std::string const& prefix = "j") {
    std::vector<NewJob> jobs;
    for (std::size_t i = 0; i < count; ++i)
        jobs.push_back(one(prefix + std::to_string(i)).front());
    run(broker.push(std::move(jobs)));
    Worker worker{broker};
    for (std::size_t done = 0; done < count;) {
        std::vector<Settlement> settlements;
        for (auto const& job : worker.claim(500).jobs) {
            Settlement settlement;
            settlement.ref = job.ref;
            settlement.token = *job.token;
            settlement.kind = SettleKind::succeeded;
            settlement.result = "3";
            settlements.push_back(std::move(settlement));
        }
        REQUIRE_FALSE(settlements.empty());
        for (Verdict const verdict : run(broker.settle(std::move(settlements)))) {
            REQUIRE(verdict == Verdict::accepted);
            ++done;
        }
    }
    run(broker.retire(worker.incarnation));
}

// What is told from now on; each must be new.
void hear(Broker& broker, std::size_t count, std::set<std::string>& heard) {
    while (heard.size() < count) {
        auto const ended = watch(broker);
        REQUIRE_FALSE(ended.empty());
        CHECK(ended.size() <= most_held);
        for (auto const& job : ended) {
            INFO(job.ref.id.view());
            CHECK(heard.insert(std::string{job.ref.id.view()}).second);
        }
    }
}

class LetGo {
public:
    explicit LetGo(std::atomic<bool>& flag) : flag_{flag} {}
    ~LetGo() { flag_ = true; }
    LetGo(LetGo const&) = delete;
    LetGo& operator=(LetGo const&) = delete;

private:
    std::atomic<bool>& flag_;
};

// Told of something, it says so, and then nothing more: it waits to be killed.
[[noreturn]] void listen_and_hang(Space const& space, int out) {
    auto const broker = space.open("&reply=durable");
    char const told = watch(*broker).empty() ? 'n' : 'y';
    (void)!::write(out, &told, 1);
    for (;;)
        ::pause();
}

}  // namespace

TEST_CASE("a listener that is slow holds a prefetch of replies, the server the rest, and each is told once",
          "[rabbitmq][F30]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    constexpr std::size_t count = 3 * most_held;
    CHECK(watch(*broker, 1ms).empty());  // from now on it listens
    run_jobs(*broker, count);

    Depth const asleep = replies_in(space);
    CHECK(asleep.given == most_held);
    CHECK(asleep.ready == count - most_held);

    std::set<std::string> heard;
    hear(*broker, count, heard);
    // What was told last is acked by the next watch.
    CHECK(watch(*broker, 50ms).empty());
    Depth const end = replies_in(space);
    CHECK(end.given + end.ready == 0);
}

TEST_CASE("a client that is killed before it told a reply is told again when it comes back",
          "[rabbitmq][F25][F30]") {
    NEED_RABBITMQ
    Space const space;
    int ends[2] = {};
    REQUIRE(::pipe(ends) == 0);
    pid_t const client = ::fork();
    if (client == 0) listen_and_hang(space, ends[1]);
    auto const broker = space.open("&reply=durable");
    run_jobs(*broker, 3);
    char told = 0;
    CHECK(::read(ends[0], &told, 1) == 1);
    CHECK(told == 'y');
    ::kill(client, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(client, &status, 0) == client);
    CHECK(WIFSIGNALED(status));
    ::close(ends[0]);
    ::close(ends[1]);

    std::set<std::string> heard;
    hear(*broker, 3, heard);
    CHECK(watch(*broker, 50ms).empty());
}

TEST_CASE("a reply whose watch was abandoned is told by the next one", "[rabbitmq][F30]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Worker worker{*broker};
    for (int round = 0; round < 10; ++round) {
        std::string const id = "j" + std::to_string(round);
        push(*broker, id);
        auto const job = worker.claim().jobs.at(0);
        {
            boost::asio::io_context loop;
            WatchParams params;
            params.client = "c1";
            params.wait = 10s;
            boost::asio::co_spawn(loop, broker->watch(params), boost::asio::detached);
            loop.poll();
            REQUIRE(worker.settle(job) == Verdict::accepted);
            // Meanwhile it is said to nobody.
            CHECK(worker.claim(1, 5ms).jobs.empty());
        }
        std::set<std::string> heard;
        hear(*broker, 1, heard);
        CHECK(heard.contains(id));
    }
}

TEST_CASE("where a watch and the next one both begin to listen, nothing is told twice", "[rabbitmq][F30]") {
    NEED_RABBITMQ
    Space const space;
    auto const first = space.open();
    CHECK(watch(*first, 1ms).empty());  // there is somewhere for replies to wait
    first->close();
    for (int round = 0; round < 20; ++round) {
        auto const prefix = "r" + std::to_string(round) + "-";
        run_jobs(*space.open(), 20, prefix);
        auto const broker = space.open();
        std::atomic<bool> may_go = false;
        std::promise<void> begun;
        auto abandoned = std::async(std::launch::async, [&] {
            boost::asio::io_context loop;
            WatchParams params;
            params.client = "c1";
            params.wait = 10s;
            boost::asio::co_spawn(loop, broker->watch(params), boost::asio::detached);
            loop.poll();
            begun.set_value();
            while (!may_go)
                std::this_thread::sleep_for(100us);
        });
        {
            LetGo const in_any_case{may_go};
            begun.get_future().get();
            std::this_thread::sleep_for(round * 500us);
            std::set<std::string> heard;
            hear(*broker, 20, heard);
        }
        abandoned.get();
        broker->close();
    }
}

TEST_CASE("a client that goes in order is told nothing twice when it comes back", "[rabbitmq][F30]") {
    NEED_RABBITMQ
    Space const space;
    std::set<std::string> heard;
    for (std::size_t round = 1; round <= 3; ++round) {
        auto const broker = space.open("&reply=durable");
        run_jobs(*broker, 5, "r" + std::to_string(round) + "j");
        hear(*broker, 5 * round, heard);
        CHECK(watch(*broker, 20ms).empty());
        broker->close();
    }
}

namespace {

// Of the queue of the client's replies, as the server lists it; "" where there is none.
std::string line_of_replies(Space const& space) {
    std::istringstream lines{support::rabbitmqctl("-q list_queues name durable arguments")};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("cohort:" + space.name + ":replies:c1\t")) return line;
    }
    return {};
}

template<class Do>
bool is_declared(Space const& space, Do meanwhile) {
    auto const end = std::chrono::steady_clock::now() + 20s * support::slowness;
    while (std::chrono::steady_clock::now() < end) {
        meanwhile();
        if (!line_of_replies(space).empty()) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("replies wait ten minutes for a client that is gone, and a week with reply=durable",
          "[rabbitmq][F25]") {
    NEED_RABBITMQ
    for (bool const is_kept : {false, true}) {
        Space const space;
        std::string const parameters = is_kept ? "&reply=durable" : "";
        {
            auto const broker = space.open(parameters);
            push(*broker, "j1");
        }
        std::string const line = line_of_replies(space);
        CAPTURE(line);
        CHECK(line.find("\ttrue\t") != std::string::npos);
        CHECK(line.find(is_kept ? "\"x-expires\",604800000" : "\"x-expires\",600000") != std::string::npos);
        // Nobody is there to hear of it.
        {
            auto const worker_side = space.open(parameters);
            Worker worker{*worker_side};
            REQUIRE(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);
            run(worker_side->retire(worker.incarnation));
        }
        std::set<std::string> heard;
        auto const broker = space.open(parameters);
        hear(*broker, 1, heard);
        CHECK(heard.contains("j1"));
    }
}

TEST_CASE(
    "a reply queue that is deleted is declared again, under a client that listens and for one that does not",
    "[rabbitmq][F51][timeout:120]") {
    NEED_RABBITMQ
    for (bool const listens : {true, false}) {
        CAPTURE(listens);
        Space const space;
        auto const broker = space.open("&reply=durable");
        Worker worker{*broker};
        std::set<std::string> heard;
        push(*broker, "before");
        REQUIRE(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);
        hear(*broker, 1, heard);

        std::future<std::vector<EndedJob>> listener;
        if (listens) listener = std::async(std::launch::async, [&] { return watch(*broker, 60s); });
        support::rabbitmqctl("-q delete_queue cohort:" + space.name + ":replies:c1");
        auto const look = [&] {
            if (!listens) CHECK(watch(*broker, 1ms).empty());
        };
        bool const is_there = is_declared(space, look);
        CHECK(is_there);
        CHECK(line_of_replies(space).find("604800000") != std::string::npos);
        push(*broker, "after");
        REQUIRE(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);
        auto const told = listens ? listener.get() : watch(*broker, 20s);
        REQUIRE(told.size() == 1);
        CHECK(told[0].ref.id == "after");
    }
}

}  // namespace replies_test
