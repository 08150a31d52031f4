// SPDX-License-Identifier: MIT
// Which stores an address may name.
#include "support/process.hpp"

#include <cohort/error.hpp>
#include <cohort/open.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

namespace store_test {

namespace {

bool knows(std::string_view scheme) {
    auto const known = cohort::open_schemes();
    return std::find(known.begin(), known.end(), scheme) != known.end();
}

struct Refusal {
    cohort::errc code = cohort::errc::ok;
    std::string text;
};

Refusal refusal_of(std::string const& url) {
    try {
        cohort::open_broker(url);
    } catch (cohort::Error const& error) {
        return {error.which(), error.what()};
    }
    return {};
}

}  // namespace

TEST_CASE("a store that cannot be one is refused, and the error says why") {
    if (!knows("amqp") || !knows("sqlite")) return;
    struct Row {
        char const* store;
        char const* why;
    };
    constexpr Row rows[] = {
        {"memory:jobs", "is gone with its process"},
        {"memory:", "is gone with its process"},
        {"amqp://localhost", "would keep no records"},
        {"amqps://localhost", "would keep no records"},
        {"mongo:jobs", "unknown scheme in mongo:jobs"},
        {"service.db", "is no address: it has no scheme"},
        {"", "is no address: it is empty"},
    };
    for (auto const& row : rows) {
        INFO(row.store);
        auto const refusal = refusal_of(std::string{"amqp://localhost:1?store="} + row.store);
        CHECK(refusal.code == cohort::errc::invalid_url);
        CHECK_THAT(refusal.text, Catch::Contains(row.why));
    }
}

TEST_CASE("a store whose file cannot be opened is refused with the file's name") {
    if (!knows("amqp") || !knows("sqlite")) return;
    support::TempDir const dir;
    auto const file = dir.file("absent/jobs.db");
    auto const refusal = refusal_of("amqp://localhost:1?store=sqlite:" + file);
    CHECK(refusal.code == refusal_of("sqlite:" + file).code);
    CHECK(refusal.code != cohort::errc::ok);
    CHECK_THAT(refusal.text, Catch::Contains(file));
}

TEST_CASE("an address that is refused makes no file of its store") {
    if (!knows("amqp") || !knows("sqlite")) return;
    support::TempDir const dir;
    for (char const* fault : {"heartbeat=soon", "colour=red", "poll=0s", "namespace=a:b"}) {
        INFO(fault);
        auto const file = dir.file("jobs.db");
        auto const refusal = refusal_of("amqp://localhost:1?" + std::string{fault} + "&store=sqlite:" + file);
        CHECK(refusal.code == cohort::errc::invalid_url);
        CHECK_FALSE(std::filesystem::exists(file));
    }
}

TEST_CASE("the password of a store is not shown") {
    if (!knows("amqp") || !knows("redis")) return;
    for (std::string const rest : {"&colour=red", "&colour=red%zz", ""}) {
        std::string const store = "redis://:hidden%40localhost:1" + std::string{rest.empty() ? "/x" : "/0"};
        auto const refusal = refusal_of("amqp://u:secret@localhost:1?store=" + store + rest);
        INFO(refusal.text);
        CHECK(refusal.code == cohort::errc::invalid_url);
        CHECK(refusal.text.find("hidden") == std::string::npos);
        CHECK(refusal.text.find("secret") == std::string::npos);
    }
}

TEST_CASE("a store has the namespace of its address, unless it names its own") {
    if (!knows("amqp") || !knows("sqlite")) return;
    support::TempDir const dir;
    std::string const file = "sqlite:" + dir.file("jobs.db");
    auto const broker = cohort::open_broker("amqp://localhost:1?namespace=a&store=" + file);
    CHECK_THAT(std::string{broker->name()}, Catch::Contains("store=" + file));
    CHECK(broker->capabilities().status);
    CHECK(broker->capabilities().fenced_settle);
    CHECK(broker->inspector() != nullptr);
    CHECK(std::filesystem::exists(dir.file("jobs.db")));
}

TEST_CASE("without a store nobody is to look into it") {
    if (!knows("amqp")) return;
    auto const refusal = refusal_of("amqp://localhost:1?poll=5s");
    CHECK(refusal.code == cohort::errc::invalid_url);
    CHECK_THAT(refusal.text, Catch::Contains("there is none in amqp://localhost:1?poll=5s"));
}

}  // namespace store_test
