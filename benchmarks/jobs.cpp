// SPDX-License-Identifier: MIT
#include "jobs.hpp"

#include <cohort/register.hpp>

#include <stdexcept>

namespace bench {

namespace {

// With two numbers of six digits, the brackets, quotes and commas: argument_bytes.
constexpr std::size_t text_bytes = argument_bytes - 2 * 6 - 6;

int sum(std::string const& text, int a, int b) noexcept {
    return static_cast<int>(text.size()) + a + b;
}

}  // namespace

cohort::awaitable<int> add(std::string const& text, int a, int b) {
    co_return sum(text, a, b);
}
int add_plain(std::string const& text, int a, int b) {
    return sum(text, a, b);
}
int add_quick(std::string const& text, int a, int b) {
    return sum(text, a, b);
}

COHORT_REGISTER(add);
COHORT_REGISTER(add_plain);
COHORT_REGISTER(add_quick);

Arguments arguments(std::uint64_t n) {
    auto const a = static_cast<int>(100'000 + n % 900'000);
    auto const b = static_cast<int>(100'000 + n / 900'000 % 900'000);
    return {std::string(text_bytes, 'x'), a, b};
}

int expected(Arguments const& arguments) noexcept {
    return std::apply(sum, arguments);
}

void check(std::uint64_t n, int got) {
    int const wanted = expected(arguments(n));
    if (got == wanted) return;
    throw std::runtime_error{"call " + std::to_string(n) + " gave " + std::to_string(got) + " instead of " +
                             std::to_string(wanted)};
}

cohort::awaitable<cohort::Job<int>> enqueue(cohort::Client& client, std::string const& body,
                                            Arguments const& arguments) {
    auto const& [text, a, b] = arguments;
    if (body == "plain") return client.enqueue_job<add_plain>(text, a, b);
    if (body == "quick") return client.enqueue_job<add_quick>(text, a, b);
    return client.enqueue_job<add>(text, a, b);
}

cohort::awaitable<std::vector<cohort::Job<int>>> enqueue_many(cohort::Client& client, std::string const& body,
                                                              std::vector<Arguments> const& arguments) {
    if (body == "plain") return client.enqueue_jobs<add_plain>(arguments);
    if (body == "quick") return client.enqueue_jobs<add_quick>(arguments);
    return client.enqueue_jobs<add>(arguments);
}

cohort::awaitable<int> call(cohort::Client& client, std::string const& body, Arguments const& arguments) {
    auto const& [text, a, b] = arguments;
    if (body == "plain") return client.call<add_plain>(text, a, b);
    if (body == "quick") return client.call<add_quick>(text, a, b);
    return client.call<add>(text, a, b);
}

}  // namespace bench
