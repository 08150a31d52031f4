// SPDX-License-Identifier: MIT
// The jobs that are measured: they do nothing but add, once for each kind of body.
#pragma once

#include <cohort/client.hpp>
#include <cohort/job.hpp>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace bench {

cohort::awaitable<int> add(std::string const& text, int a, int b);
COHORT_JOB(add);
int add_plain(std::string const& text, int a, int b);
COHORT_JOB(add_plain);
int add_quick(std::string const& text, int a, int b);
COHORT_JOB(add_quick, .quick = true);

// The arguments of call number n, and its result. As JSON they are 100 bytes.
using Arguments = std::tuple<std::string, int, int>;
inline constexpr std::size_t argument_bytes = 100;
Arguments arguments(std::uint64_t n);
int expected(Arguments const& arguments) noexcept;
// Throws unless `got` is what call number n gives.
void check(std::uint64_t n, int got);

// The calls of a client, of the job with that kind of body ("" = "coroutine").
cohort::awaitable<cohort::Job<int>> enqueue(cohort::Client& client, std::string const& body,
                                            Arguments const& arguments);
cohort::awaitable<std::vector<cohort::Job<int>>> enqueue_many(cohort::Client& client, std::string const& body,
                                                              std::vector<Arguments> const& arguments);
cohort::awaitable<int> call(cohort::Client& client, std::string const& body, Arguments const& arguments);

}  // namespace bench
