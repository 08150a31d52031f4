// SPDX-License-Identifier: MIT
// Identifiers: distinct, in order, and refused when they hold what a store or a log could misread.
#include "support/slowness.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

using namespace cohort;

namespace {

struct StillClock final : Clock {
    Instant now() const noexcept override { return time; }
    Duration steady() const noexcept override { return 0s; }
    Instant time{Duration{1'769'848'200'125'000}};
};

bool is_crockford(std::string const& text) {
    return text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos;
}

template<class Call>
std::string refusal(errc code, Call call) {
    try {
        call();
    } catch (Error const& error) {
        CHECK(error.which() == code);
        return error.detail();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a million ULIDs are distinct and sorted", "[S35][S08]") {
    IdGenerator const next = ulid();
    std::string last;
    bool sorted = true;
    bool formed = true;
    for (int i = 0; i < 1'000'000 / support::slowness; ++i) {
        std::string id = next();
        sorted = sorted && last < id;
        formed = formed && id.size() == 26 && is_crockford(id);
        last = std::move(id);
    }
    CHECK(sorted);  // strictly, hence distinct
    CHECK(formed);
}

TEST_CASE("a ULID begins with its time", "[S35]") {
    StillClock clock;
    clock.time = Instant{Duration{1'469'918'176'385'000}};  // the example of the specification
    CHECK(ulid(clock)().substr(0, 10) == "01ARYZ6S41");

    clock.time = Instant::max();
    CHECK(ulid(clock)().substr(0, 10) == "7ZZZZZZZZZ");
    clock.time = Instant::min();
    CHECK(ulid(clock)().substr(0, 9) == "000000000");
}

TEST_CASE("ULIDs stay in order when the clock goes back", "[S35]") {
    StillClock clock;
    IdGenerator const next = ulid(clock);
    std::string const first = next();
    clock.time -= 1h;
    std::string const second = next();
    clock.time += 2h;
    std::string const third = next();

    CHECK(first < second);
    CHECK(second < third);
    CHECK(first.substr(0, 10) == second.substr(0, 10));
}

TEST_CASE("generators do not repeat each other within one millisecond", "[S35]") {
    StillClock clock;
    std::set<std::string> ids;
    for (int i = 0; i < 1000; ++i) {
        IdGenerator const next = ulid(clock);
        ids.insert(next());
        ids.insert(next());
    }
    CHECK(ids.size() == 2000);
}

TEST_CASE("one generator serves several threads and each sees its ids in order", "[S35]") {
    IdGenerator const next = ulid();
    std::vector<std::vector<std::string>> ids(4);
    std::vector<std::thread> threads;
    for (auto& mine : ids) {
        threads.emplace_back([&] {
            for (int i = 0; i < 20'000; ++i) {
                mine.push_back(next());
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }

    std::vector<std::string> all;
    for (auto const& mine : ids) {
        CHECK(std::ranges::is_sorted(mine));
        all.insert(all.end(), mine.begin(), mine.end());
    }
    std::ranges::sort(all);
    CHECK(std::ranges::adjacent_find(all) == all.end());
}

TEST_CASE("numbered ids begin behind the start", "[S35]") {
    IdGenerator const next = autoincrement(41);
    CHECK(next() == "42");
    IdGenerator const copy = next;
    CHECK(copy() == "43");
    CHECK(next() == "44");
    CHECK(autoincrement()() == "1");
}

TEST_CASE("random ids are 32 hexadecimal digits and differ") {
    std::set<std::string> ids;
    for (int i = 0; i < 1000; ++i) {
        std::string const id = random_id();
        REQUIRE(id.size() == 32);
        REQUIRE(id.find_first_not_of("0123456789abcdef") == std::string::npos);
        ids.insert(id);
    }
    CHECK(ids.size() == 1000);
}

TEST_CASE("job ids are checked", "[B23]") {
    for (std::string_view const good : {"1", "01ARYZ6S41TSV4RRFFQ69G5FAV", "a.b:c-d_e", ".."}) {
        CHECK_NOTHROW(check_job_id(good));
    }
    CHECK_NOTHROW(check_job_id(std::string(128, 'x')));
    auto const why = [](std::string_view id) {
        return refusal(errc::invalid_job_id, [&] { check_job_id(id); });
    };
    CHECK(why("") == "job id is empty; use 1 to 128 characters of [A-Za-z0-9_.:-]");
    CHECK(why("../x") ==
          "job id \"../x\": byte 0x2F at position 2 is not allowed; use 1 to 128 characters of "
          "[A-Za-z0-9_.:-]");
    CHECK(why(std::string(1024, 'x')).find("has 1024 bytes") != std::string::npos);
    CHECK(why(std::string(129, 'x')) != "accepted");
    CHECK(why("gr\xc3\xb6\xc3\x9f").find("byte 0xC3 at position 2") != std::string::npos);
}

TEST_CASE("job names are checked", "[B01][B02]") {
    CHECK_NOTHROW(check_job_name("shop.price"));
    CHECK_NOTHROW(check_job_name("a:b/c-d"));
    auto const why = [](std::string_view name) {
        return refusal(errc::invalid_job_name, [&] { check_job_name(name); });
    };
    CHECK(why("") == "job name is empty; use 1 to 200 characters of [A-Za-z0-9_.:/-]");
    CHECK(why("price\nx").find("\"price\\x0Ax\": byte 0x0A at position 5 is not allowed") !=
          std::string::npos);
    CHECK(why({"a\0b", 3}).find("byte 0x00 at position 1") != std::string::npos);
    for (std::string_view const bad : {"a b", "a\x1b", "{a}", "a%", "a\x7f"}) {
        CHECK(why(bad) != "accepted");
    }
    std::string const huge = why(std::string(10 << 20, 'x'));
    CHECK(huge.find("has 10485760 bytes") != std::string::npos);
    CHECK(huge.size() < 300);
}

TEST_CASE("queue names are checked", "[B05]") {
    CHECK_NOTHROW(check_queue_name("default"));
    CHECK_NOTHROW(check_queue_name("eu.mail-2_x"));
    CHECK_NOTHROW(check_queue_name("amqp"));
    auto const why = [](std::string_view name) {
        return refusal(errc::invalid_queue_name, [&] { check_queue_name(name); });
    };
    for (std::string_view const bad : {"", "*", "#", "a:b", "{a}", "a/b", "a b"}) {
        CHECK(why(bad) != "accepted");
    }
    CHECK(why("amq.x").find("begins with \"amq.\"") != std::string::npos);
    CHECK(why(std::string(101, 'q')) != "accepted");
    CHECK_NOTHROW(check_queue_name(std::string(100, 'q')));
}
