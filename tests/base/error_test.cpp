// SPDX-License-Identifier: MIT
// Names of codes and texts of errors.
#include <cohort/error.hpp>

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace cohort;

TEST_CASE("every code has a name of its own, in snake case") {
    std::set<std::string> names;
    for (int value = 0; value <= static_cast<int>(errc::result_too_large); ++value) {
        std::string const name{to_string(static_cast<errc>(value))};
        CAPTURE(value, name);
        CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
        CHECK(name != "unknown");
        CHECK(names.insert(name).second);
    }
    CHECK(to_string(errc::queue_full) == "queue_full");
}

TEST_CASE("a number that is no code has a text too") {
    CHECK(to_string(static_cast<errc>(9999)) == "unknown");
    CHECK(error_category().message(-1) == "unknown");
}

TEST_CASE("an error says its code, then what was wrong") {
    Error const error{errc::invalid_url, "port \"99999\" not in 1..65535"};

    CHECK(error.which() == errc::invalid_url);
    CHECK(error.detail() == "port \"99999\" not in 1..65535");
    CHECK(std::string{error.what()} == "invalid_url: port \"99999\" not in 1..65535");
    CHECK(error.code() == errc::invalid_url);
    CHECK(std::string{error.code().category().name()} == "cohort");
}

TEST_CASE("an error without details says its code") {
    CHECK(std::string{Error{errc::closed}.what()} == "closed");
}

TEST_CASE("an error is caught as a system error, and a copy says the same") {
    try {
        throw Error{errc::busy, "locked by process 7"};
    } catch (std::system_error const& error) {
        CHECK(error.code() == errc::busy);
        CHECK(std::string{error.what()} == "busy: locked by process 7");
    }
    Error const one{errc::busy, "x"};
    Error const two = one;  // NOLINT(performance-unnecessary-copy-initialization)
    CHECK(std::string{two.what()} == "busy: x");
}

TEST_CASE("only ok is no error") {
    CHECK_FALSE(make_error_code(errc::ok));
    CHECK(make_error_code(errc::unavailable));
}
