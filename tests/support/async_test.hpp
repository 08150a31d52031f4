// SPDX-License-Identifier: MIT
// A Catch2 case whose body is a coroutine on a loop with virtual time:
//
//   ASYNC_TEST_CASE("a lease ends on time", "[lease]") {
//       co_await cohort::sleep_for(3h);
//       CHECK(loop.clock().now() == …);
//   }
//
// `loop` is the cohort::testing::Loop that the body runs on. Sections and generators do not work in it.
#pragma once

#include <cohort/sleep.hpp>
#include <cohort/testing.hpp>

#include <catch2/catch.hpp>

#define ASYNC_TEST_CASE(...) ASYNC_TEST_CASE_AT(__LINE__, __VA_ARGS__)
#define ASYNC_TEST_CASE_AT(line, ...) ASYNC_TEST_CASE_IN(line, __VA_ARGS__)
#define ASYNC_TEST_CASE_IN(line, ...)                                                                        \
    static ::cohort::awaitable<void> async_test_##line(::cohort::testing::Loop& loop);                       \
    TEST_CASE(__VA_ARGS__) {                                                                                 \
        ::cohort::testing::Loop loop;                                                                        \
        loop.run(async_test_##line(loop));                                                                   \
    }                                                                                                        \
    static ::cohort::awaitable<void> async_test_##line([[maybe_unused]] ::cohort::testing::Loop& loop)
