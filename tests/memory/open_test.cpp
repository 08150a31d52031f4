// SPDX-License-Identifier: MIT
#include "io/virtual_time.hpp"
#include "memory/memory.hpp"

#include <cohort/error.hpp>
#include <cohort/run.hpp>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace cohort;

namespace {

std::shared_ptr<Broker> open(std::string_view url, Clock const& clock = system_clock()) {
    return memory::open(parse_url(url), clock);
}

awaitable<void> push(Broker& broker) {
    std::vector<NewJob> jobs(1);
    jobs.front().ref = JobRef{"main", "j1"};
    jobs.front().name = "add";
    auto operation = broker.push(std::move(jobs));
    auto const results = co_await std::move(operation);
    CHECK(results.at(0).verdict == PushVerdict::stored);
}

awaitable<bool> has_job(Broker& broker) {
    std::vector<JobRef> refs;
    refs.push_back(JobRef{"main", "j1"});
    auto operation = broker.status(std::move(refs));
    auto const records = co_await std::move(operation);
    co_return records.at(0).has_value();
}

errc code_of(std::string_view url) {
    try {
        open(url);
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

}  // namespace

TEST_CASE("memory: is a store of its own each time") {
    auto const first = open("memory:");
    auto const second = open("memory:");
    run(push(*first));
    CHECK(run(has_job(*first)));
    CHECK_FALSE(run(has_job(*second)));
}

TEST_CASE("memory:name is the same store to all who name it, for as long as somebody holds it") {
    auto first = open("memory:shared");
    auto second = open("memory:shared");
    auto const other = open("memory:other");
    run(push(*first));
    CHECK(run(has_job(*second)));
    CHECK_FALSE(run(has_job(*other)));

    first.reset();
    CHECK(run(has_job(*second)));
    second.reset();
    CHECK_FALSE(run(has_job(*open("memory:shared"))));
}

TEST_CASE("namespaces of one name are apart") {
    auto const plain = open("memory:spaces");
    auto const spaced = open("memory:spaces?namespace=a");
    run(push(*plain));
    CHECK_FALSE(run(has_job(*spaced)));
    CHECK_FALSE(run(has_job(*open("memory:spaces?namespace=b"))));
    run(push(*spaced));
    CHECK(run(has_job(*open("memory:spaces?namespace=a"))));
}

TEST_CASE("stores of different clocks are apart") {
    boost::asio::io_context context;
    io::VirtualTime const time{context};
    auto const real = open("memory:clocks");
    auto const simulated = open("memory:clocks", time);
    run(push(*real));
    CHECK_FALSE(run(has_job(*simulated)));
}

TEST_CASE("what a memory URL cannot have is refused") {
    CHECK(code_of("memory://host/name") == errc::invalid_url);
    CHECK(code_of("memory:name?durability=full") == errc::invalid_url);
    CHECK(code_of("memory:name?namespace=a") == errc::ok);
}

TEST_CASE("a memory broker is known by its URL") {
    CHECK(open("memory:shop")->name() == "memory:shop");
}
