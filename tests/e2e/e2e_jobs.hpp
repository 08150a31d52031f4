// SPDX-License-Identifier: MIT
// Jobs for tests with real processes.
#pragma once

#include <cohort/context.hpp>
#include <cohort/job.hpp>

#include <boost/describe.hpp>

#include <optional>
#include <string>
#include <vector>

namespace e2e {

BOOST_DEFINE_ENUM_CLASS(Size, small, large)
struct Parcel {
    std::string name;
    double weight = 0;
    std::vector<std::string> tags;
    std::optional<std::string> note;
    Size size = Size::small;
};
BOOST_DESCRIBE_STRUCT(Parcel, (), (name, weight, tags, note, size))

// `count` times as heavy, one tag more, and small.
Parcel pack(Parcel parcel, int count = 1);
COHORT_JOB(pack, .params = "parcel, count");

// Twice n, after `millis` on the event loop.
cohort::awaitable<int> twice(int n, int millis);
COHORT_JOB(twice);
// The same on the pool.
int twice_plain(int n, int millis);
COHORT_JOB(twice_plain);
// kill -9 of its own worker.
void kill_worker();
COHORT_JOB(kill_worker);
// Writes n into the table `bookings`, with its outcome. The first `refusals` runs of it fail by then.
cohort::awaitable<int> book(cohort::Context& context, int n, int refusals);
COHORT_JOB(book, .max_lost = 100);
// Which process ran it, and at which attempt.
std::string where(cohort::Context& context);
COHORT_JOB(where);

}  // namespace e2e
