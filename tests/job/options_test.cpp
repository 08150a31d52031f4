// SPDX-License-Identifier: MIT
// A job's options and a call's are written in one order. This file does not compile when they are not.
#include <cohort/options.hpp>

#include <catch2/catch.hpp>

// An error for g++ in any case.
#ifdef __clang__
#pragma clang diagnostic error "-Wreorder-init-list"
#endif

using namespace cohort;

// All members that the two have in common.
#define COMMON_OPTIONS                                                                                       \
    .queue = "q", .delay = 1s, .expires = 2s, .priority = 3, .timeout = 4s, .max_retries = 5, .max_lost = 6, \
    .backoff = Backoff{}, .keep_result = 7s, .keep_error = 8s

TEST_CASE("the options that a job and a call have in common stand in one order") {
    constexpr JobOptions job{COMMON_OPTIONS};
    constexpr EnqueueOptions call{COMMON_OPTIONS};
    CHECK(job.queue == call.queue);
    CHECK(job.delay == call.delay);
    CHECK(job.expires == call.expires);
    CHECK(job.priority == call.priority);
    CHECK(job.timeout == call.timeout);
    CHECK(job.max_retries == call.max_retries);
    CHECK(job.max_lost == call.max_lost);
    CHECK(job.backoff == call.backoff);
    CHECK(job.keep_result == call.keep_result);
    CHECK(job.keep_error == call.keep_error);
}

// All members that a call and a schedule have in common.
#define SCHEDULE_OPTIONS                                                                                     \
    .queue = "q", .expires = 2s, .priority = 3, .timeout = 4s, .max_retries = 5, .max_lost = 6,              \
    .backoff = Backoff{}, .unique = "u", .keep_result = 7s, .keep_error = 8s, .replicas = Replicas {}

TEST_CASE("the options that a call and a schedule have in common stand in one order") {
    constexpr EnqueueOptions call{SCHEDULE_OPTIONS};
    constexpr ScheduleOptions schedule{SCHEDULE_OPTIONS};
    CHECK(call.queue == schedule.queue);
    CHECK(call.expires == schedule.expires);
    CHECK(call.priority == schedule.priority);
    CHECK(call.timeout == schedule.timeout);
    CHECK(call.max_retries == schedule.max_retries);
    CHECK(call.max_lost == schedule.max_lost);
    CHECK(call.backoff == schedule.backoff);
    CHECK(call.unique == schedule.unique);
    CHECK(call.keep_result == schedule.keep_result);
    CHECK(call.keep_error == schedule.keep_error);
    CHECK(call.replicas->count == schedule.replicas->count);
}

TEST_CASE("each has its own beside them, in the documented order") {
    constexpr JobOptions job{
        .name = "n", .aliases = "a", .version = 2, .params = "p", .queue = "q", .quick = true};
    constexpr EnqueueOptions call{.id = "i", .queue = "q", .delay = 1s, .eta = Instant{}, .unique = "u"};
    CHECK(job.quick);
    CHECK(call.unique == "u");
}
