// SPDX-License-Identifier: MIT
// Workers that stop while jobs are on their way to them: nobody has lost these.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <future>

namespace stop_test {

using namespace rabbitmq_test;

namespace {

// A claim that waits, on a thread of its own, until it is told to stop.
class WaitingClaim {
public:
    WaitingClaim(Worker& worker, std::uint32_t limit) {
        ClaimParams params;
        params.incarnation = worker.incarnation;
        params.queues = worker.queues;
        params.limit = limit;
        params.number = ++worker.number;
        params.wait = 30s;
        auto ended = [this](std::exception_ptr error, ClaimReply reply) {
            if (!error) jobs_ = std::move(reply.jobs);
        };
        boost::asio::co_spawn(loop_, worker.broker.claim(std::move(params)),
                              boost::asio::bind_cancellation_slot(signal_.slot(), std::move(ended)));
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    ~WaitingClaim() {
        if (thread_.joinable()) stop();
    }
    WaitingClaim(WaitingClaim const&) = delete;
    WaitingClaim& operator=(WaitingClaim const&) = delete;

    void ask_to_stop() {
        boost::asio::post(loop_, [this] { signal_.emit(boost::asio::cancellation_type::terminal); });
    }
    // What it was given before it heard of it.
    std::vector<JobRecord> stop() {
        ask_to_stop();
        thread_.join();
        return std::move(jobs_);
    }

private:
    boost::asio::io_context loop_;
    boost::asio::cancellation_signal signal_;
    std::vector<JobRecord> jobs_;
    std::thread thread_;
};

std::vector<NewJob> fragile(int number) {
    auto jobs = one("j" + std::to_string(number));
    jobs[0].policy.max_lost = 0;
    return jobs;
}

struct Found {
    int jobs = 0;
    int lost = 0;
};

// Until so many are there. One that is lost has failed, and its client hears it.
Found take_all(Broker& broker, int count) {
    Found found;
    Worker worker{broker};
    while (found.jobs < count) {
        auto const jobs = worker.claim(4, 10s).jobs;
        if (jobs.empty()) break;
        for (auto const& job : jobs) {
            found.lost += static_cast<int>(job.counters.lost);
            CHECK(worker.settle(job) == Verdict::accepted);
            ++found.jobs;
        }
    }
    run(broker.retire(worker.incarnation));
    return found;
}

template<class Is>
void await_that(Is is) {
    while (!is())
        std::this_thread::yield();
}

}  // namespace

TEST_CASE(
    "jobs that are pushed just while the worker that waits for them is stopped are not lost, forty times",
    "[rabbitmq][F24][timeout:120]") {
    NEED_RABBITMQ
    constexpr int rounds = 40;
    constexpr std::uint32_t many = 1000;  // it is never full
    Space const space;
    auto const broker = space.open();
    int pushed = 0;
    Found sum;
    for (int round = 0; round < rounds; ++round) {
        Worker worker{*broker};
        CHECK(worker.claim(many, 1ms).jobs.empty());  // its consumer is there
        WaitingClaim claim{worker, many};
        std::atomic<bool> is_stopped{false};
        int const before = pushed;
        std::thread client{[&] {
            do
                run(broker->push(fragile(pushed++)));
            while (!is_stopped);
        }};
        claim.stop();
        run(broker->retire(worker.incarnation));
        is_stopped = true;
        client.join();
        Found const found = take_all(*broker, pushed - before);
        sum.jobs += found.jobs;
        sum.lost += found.lost;
    }
    CHECK(sum.jobs == pushed);
    CHECK(sum.lost == 0);
}

TEST_CASE("of a stream of jobs none is lost where workers come and go while outcomes are on their way",
          "[rabbitmq][F24][F05][timeout:120]") {
    NEED_RABBITMQ
    constexpr int rounds = 40;
    constexpr std::uint32_t slots = 32;
    Space const space;
    auto const broker = space.open();
    std::atomic<bool> is_over{false};
    int pushed = 0;
    std::thread client{[&] {
        while (!is_over)
            run(broker->push(fragile(pushed++)));
    }};
    int settled = 0;
    int lost = 0;
    for (int round = 0; round < rounds; ++round) {
        Worker worker{*broker};
        std::vector<JobRecord> running;
        while (running.size() < slots / 2) {
            for (auto& job : worker.claim(slots, 10s).jobs)
                running.push_back(std::move(job));
        }
        WaitingClaim claim{worker, slots / 2};
        std::thread body{[&] {
            for (auto const& job : running) {
                lost += static_cast<int>(job.counters.lost);
                if (worker.settle(job) == Verdict::accepted) ++settled;
            }
        }};
        claim.stop();
        body.join();
        run(broker->retire(worker.incarnation));
    }
    is_over = true;
    client.join();
    Found const found = take_all(*broker, pushed - settled);
    CHECK(found.jobs == pushed - settled);
    CHECK(found.lost + lost == 0);
}

TEST_CASE("a worker that retires does not close its channel under a claim that puts a job back", "[F24]") {
    // The job comes in the moment in which its consumer is ended.
    std::string const tag = "c1";
    std::atomic<std::uint16_t> channel{0};
    std::atomic<bool> owes_confirm{false};
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id == AMQP_BASIC_CANCEL_METHOD) {
            channel = said.channel;
            amqp_basic_cancel_ok_t ok{};
            ok.consumer_tag = rabbitmq::bytes_of(tag);
            return Reply{delivery_of(said.channel, tag, 1, head_of("j1", "shop.add", 5), "[1,2]") +
                         method_of(said.channel, AMQP_BASIC_CANCEL_OK_METHOD, ok)};
        }
        // Its copy is confirmed when somebody else has come.
        if (said.id == AMQP_BASIC_PUBLISH_METHOD) {
            owes_confirm = true;
            return Reply{};
        }
        if (said.id == AMQP_CHANNEL_OPEN_METHOD && owes_confirm.exchange(false)) {
            return Reply{method_of(channel, AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{1, 0}) +
                         method_of(said.channel, AMQP_CHANNEL_OPEN_OK_METHOD, amqp_channel_open_ok_t{})};
        }
        return std::nullopt;
    }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker};
    WaitingClaim claim{worker, 1};
    await_that([&] { return server.count(AMQP_BASIC_CONSUME_METHOD) == 1; });
    claim.ask_to_stop();
    await_that([&] { return owes_confirm.load(); });

    boost::asio::io_context loop;
    auto retiring = boost::asio::co_spawn(loop, broker->retire(worker.incarnation), boost::asio::use_future);
    loop.poll();  // it is on its way
    Worker const other{*broker};
    loop.run();
    retiring.get();
    claim.stop();

    // What was said before has been heard when the next question is answered.
    Worker const last{*broker};
    auto const of_worker = [&](amqp_method_number_t id) {
        auto const all = server.heard(id);
        return std::count_if(all.begin(), all.end(),
                             [&](Said const& said) { return said.channel == channel; });
    };
    CHECK(of_worker(AMQP_BASIC_ACK_METHOD) == 1);
    CHECK(of_worker(AMQP_CHANNEL_CLOSE_METHOD) == 1);
}

TEST_CASE("a consumer is ended when the server has said three times that it gives it nothing more", "[F24]") {
    PlayedServer const server{[](Said const&) { return std::nullopt; }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker};
    CHECK(worker.claim(1, 1ms).jobs.empty());
    run(broker->retire(worker.incarnation));
    auto const heard = server.heard(rabbitmq::basic_credit_method);
    REQUIRE(heard.size() == 3);
    for (auto const& said : heard)
        CHECK(said.fields == std::string{"\2c1\0\0\0\0\0", 8});
    CHECK(server.count(AMQP_BASIC_CANCEL_METHOD) == 1);
}

TEST_CASE("a server that does not answer that, or may not know it, ends consumers all the same", "[F24]") {
    for (bool const is_known : {true, false}) {
        CAPTURE(is_known);
        PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
            if (said.id == rabbitmq::basic_credit_method) return Reply{};
            if (said.id != 0 || is_known) return std::nullopt;
            return Reply{start_of("RabbitMQ", "4.0.1")};
        }};
        auto const broker = rabbitmq::open(parse_url(server.url()));
        Worker worker{*broker};
        CHECK(worker.claim(1, 1ms).jobs.empty());
        run(broker->retire(worker.incarnation));
        CHECK(server.count(rabbitmq::basic_credit_method) == (is_known ? 1 : 0));
        CHECK(server.count(AMQP_BASIC_CANCEL_METHOD) == 1);
    }
}

TEST_CASE("a consumer that could not begin for an alarm is not ended before the alarm is over", "[F52]") {
    std::atomic<std::uint16_t> channel{0};
    std::atomic<bool> is_over{false};
    PlayedServer const server{[&](Said const& said) -> std::optional<Reply> {
        if (said.id == AMQP_BASIC_CONSUME_METHOD) {
            channel = said.channel;
            amqp_connection_blocked_t blocked{};
            blocked.reason = rabbitmq::bytes_of("low on memory");
            return Reply{method_of(0, AMQP_CONNECTION_BLOCKED_METHOD, blocked)};
        }
        // The server speaks when it is spoken to: here by another worker.
        bool const is_asked = said.id == AMQP_CHANNEL_OPEN_METHOD && channel > 0;
        if (!is_asked || is_over.exchange(true)) return std::nullopt;
        amqp_basic_consume_ok_t started{};
        started.consumer_tag = rabbitmq::bytes_of("c1");
        return Reply{method_of(0, AMQP_CONNECTION_UNBLOCKED_METHOD, amqp_connection_unblocked_t{}) +
                     method_of(channel, AMQP_BASIC_CONSUME_OK_METHOD, started) +
                     method_of(said.channel, AMQP_CHANNEL_OPEN_OK_METHOD, amqp_channel_open_ok_t{})};
    }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker};
    WaitingClaim claim{worker, 1};
    await_that([&] { return server.count(AMQP_BASIC_CONSUME_METHOD) == 1; });
    auto stopping = std::async(std::launch::async, [&] { run(broker->retire(worker.incarnation)); });
    // An answer is waited for so long, three times.
    std::this_thread::sleep_for(900ms);
    CHECK(server.count(AMQP_BASIC_CANCEL_METHOD) == 0);
    Worker const other{*broker};
    stopping.get();
    CHECK(server.count(AMQP_BASIC_CANCEL_METHOD) == 1);
    CHECK(claim.stop().empty());
}

}  // namespace stop_test
