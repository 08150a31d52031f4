// SPDX-License-Identifier: MIT
#include "sqlite/notice.hpp"

#include <catch2/catch.hpp>

namespace notice_test {

using namespace cohort;
using namespace cohort::sqlite;

namespace {

EndedJob read_back(std::string const& lines) {
    REQUIRE(lines.ends_with('\n'));
    auto job = parse_notice(std::string_view{lines}.substr(0, lines.size() - 1));
    REQUIRE(job);
    return *job;
}

}  // namespace

TEST_CASE("a small result goes with the notice") {
    std::string lines;
    write_success(lines, {"mail", "a:1"}, 3, R"({"text":"two words"})");
    auto const job = read_back(lines);
    CHECK(job.ref == JobRef{"mail", "a:1"});
    REQUIRE(job.ending);
    CHECK(job.ending->state == JobState::succeeded);
    CHECK(job.ending->attempt == 3);
    CHECK(job.ending->result == R"({"text":"two words"})");
}

TEST_CASE("what does not fit into a line is left to be read") {
    auto const result = GENERATE(as<std::string>{}, std::string(1001, 'x'), "[1,\n2]");
    std::string lines;
    write_success(lines, {"mail", "a"}, 1, result);
    auto const job = read_back(lines);
    CHECK(job.ref == JobRef{"mail", "a"});
    CHECK_FALSE(job.ending);
}

TEST_CASE("a notice of another kind of end names the job") {
    std::string lines;
    write_notice(lines, {"mail", "a"});
    CHECK(lines == "mail/a\n");
    CHECK_FALSE(read_back(lines).ending);
}

TEST_CASE("a torn or foreign line is no news, or only a hint") {
    CHECK_FALSE(parse_notice(""));
    CHECK_FALSE(parse_notice("noise"));
    for (auto const* line : {"mail/a ", "mail/a 1", "mail/a x 5", "mail/a 99999999999 5"}) {
        CAPTURE(line);
        auto const job = parse_notice(line);
        REQUIRE(job);
        CHECK(job->ref == JobRef{"mail", "a"});
        CHECK_FALSE(job->ending);
    }
}

}  // namespace notice_test
