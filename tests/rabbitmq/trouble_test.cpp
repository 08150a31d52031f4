// SPDX-License-Identifier: MIT
// A server whose disk is full, one whose operator bounds deliveries, and a program that can open nothing
// more.
#include "rabbitmq/server.hpp"
#include "support/slowness.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <ctime>
#include <iostream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace trouble_test {

using namespace rabbitmq_test;
using Steady = std::chrono::steady_clock;

namespace {

template<class Is>
bool becomes_true(Is is) {
    auto const end = Steady::now() + 20s * support::slowness;
    while (Steady::now() < end) {
        if (is()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

// For the whole server: nobody else may be there.
class FullDisk {
public:
    FullDisk() { support::rabbitmqctl("-q set_disk_free_limit 999GB"); }
    ~FullDisk() { end(); }
    FullDisk(FullDisk const&) = delete;
    FullDisk& operator=(FullDisk const&) = delete;

    void end() {
        if (std::exchange(is_full_, false)) support::rabbitmqctl("-q set_disk_free_limit 50MB");
    }

private:
    bool is_full_ = true;
};

// Of this namespace.
class Policy {
public:
    Policy(Space const& space, std::string const& definition) : name_{space.name} {
        support::rabbitmqctl("-q set_policy " + name_ + " '^cohort:" + name_ + ":jobs:' '" + definition +
                             "' --apply-to queues");
    }
    ~Policy() { support::rabbitmqctl("-q clear_policy " + name_); }
    Policy(Policy const&) = delete;
    Policy& operator=(Policy const&) = delete;

private:
    std::string const name_;
};

std::size_t ready_in(std::string const& queue) {
    std::istringstream lines{support::rabbitmqctl("-q list_queues name messages_ready")};
    for (std::string name, ready; lines >> name >> ready;) {
        if (name == queue) return std::stoul(ready);
    }
    return 0;
}

}  // namespace

TEST_CASE(
    "a server whose disk is full refuses pushes, and takes outcomes and pushes when there is space again",
    "[rabbitmq][serial][F57][.nightly][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open("&blocked_timeout=200ms&timeout=1s&heartbeat=2s");
    push(*broker, "before");
    Worker worker{*broker};
    auto const job = worker.claim().jobs.at(0);
    std::string detail;
    FullDisk disk;
    auto const is_refused = [&] {
        try {
            run(broker->push(one("full")));
        } catch (Error const& error) {
            detail = error.detail();
            return error.which() == errc::storage_full;
        }
        return false;
    };
    CHECK(becomes_true(is_refused));
    CAPTURE(detail);
    CHECK(detail.find("disk") != std::string::npos);
    Verdict verdict = Verdict::gone;
    std::thread reporter{[&] { verdict = worker.settle(job); }};
    // Longer than an answer is waited for.
    std::this_thread::sleep_for(5s);
    disk.end();
    reporter.join();
    CHECK(verdict == Verdict::accepted);
    CHECK(becomes_true([&] { return code_of(broker->push(one("after"))) == errc::ok; }));
    CHECK(becomes_true([&] { return !watch(*broker, 100ms).empty(); }));
}

TEST_CASE("a queue whose operator allows fewer deliveries than max_lost loses no job: it is with the dead",
          "[rabbitmq][F65][.nightly][timeout:120]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    auto jobs = one("warm");
    run(broker->push(std::move(jobs)));
    {
        Worker worker{*broker};
        REQUIRE(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);
        run(broker->retire(worker.incarnation));
    }
    Policy const policy{space, R"({"delivery-limit":1})"};
    jobs = one("j1");
    jobs[0].policy.max_lost = 100;
    run(broker->push(std::move(jobs)));
    for (int lost = 0; lost < 2; ++lost) {
        auto const dying = space.open();
        Worker worker{*dying};
        REQUIRE(worker.claim(1, 20s).jobs.size() == 1);
        dying->close();
    }
    CHECK(becomes_true([&] { return ready_in("cohort:" + space.name + ":dead:main") == 1; }));
    Worker worker{*broker};
    CHECK(worker.claim(1, 300ms).jobs.empty());
}

TEST_CASE("a queue of another delivery limit is refused, and the error shows both limits",
          "[rabbitmq][F64][F65]") {
    NEED_RABBITMQ
    Space const space;
    std::string const head = "cohort:" + space.name;
    // As we declare it, but for the limit.
    std::string const said = support::rabbitmqctl(
        "-q eval 'rabbit_amqqueue:declare(rabbit_misc:r(<<\"/\">>, queue, <<\"" + head +
        ":jobs:main\">>), true, false, [{<<\"x-queue-type\">>, longstr, <<\"quorum\">>}, "
        "{<<\"x-dead-letter-exchange\">>, longstr, <<>>}, {<<\"x-dead-letter-strategy\">>, longstr, "
        "<<\"at-least-once\">>}, {<<\"x-overflow\">>, longstr, <<\"reject-publish\">>}, "
        "{<<\"x-dead-letter-routing-key\">>, longstr, <<\"" +
        head + ":dead:main\">>}, {<<\"x-delivery-limit\">>, signedint, 2}], none, <<\"operator\">>), ok.'");
    CAPTURE(said);
    auto const broker = space.open();
    std::string text;
    try {
        run(broker->push(one("j1")));
    } catch (Error const& error) {
        CHECK(error.which() == errc::broker_unsupported);
        text = error.what();
    }
    CAPTURE(text);
    CHECK(text.find("x-delivery-limit") != std::string::npos);
    CHECK(text.find("received '1010' but current is '2'") != std::string::npos);
}

TEST_CASE("without a file descriptor left a broker on RabbitMQ says so, does not spin, and goes on when "
          "there is one",
          "[rabbitmq][F77]") {
    NEED_RABBITMQ
    if (support::slowness == 2) {
        std::cout << "SKIPPED: the undefined behaviour sanitizer needs a descriptor to look at an object\n";
        return;
    }
    Space const space;
    auto const broker = space.open("&timeout=500ms");
    auto const other = space.open();
    boost::asio::io_context loop;  // needs some itself
    auto const push_on = [&loop](Broker& where) {
        auto pushing = boost::asio::co_spawn(loop, where.push(one("a")), boost::asio::use_future);
        loop.restart();
        loop.run();
        pushing.get();
    };
    push_on(*other);
    rlimit old{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
    rlimit few = old;
    few.rlim_cur = 256;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    std::vector<int> taken;
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
        taken.push_back(fd);
    auto const spent = std::clock();
    std::string told;
    constexpr char const* why = "Too many open files";
    auto const begun = Steady::now();
    while (Steady::now() - begun < 1s ||
           (told.find(why) == std::string::npos && Steady::now() - begun < 10s)) {
        try {
            push_on(*broker);
        } catch (Error const& error) {
            told = error.what();
        }
    }
    double const cpu = static_cast<double>(std::clock() - spent) / CLOCKS_PER_SEC;
    for (int const fd : taken)
        ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &old);
    INFO(told);
    CHECK(told.find(why) != std::string::npos);
    CHECK(cpu < 0.5);

    CHECK(becomes_true([&] { return code_of(broker->push(one("b"))) == errc::ok; }));
}

}  // namespace trouble_test
