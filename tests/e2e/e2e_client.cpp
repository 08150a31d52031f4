// SPDX-License-Identifier: MIT
// A client that was perhaps built by another compiler than its worker: enqueues, waits, compares. It links no
// body.
#include "e2e/e2e_jobs.hpp"

#include <cohort/client.hpp>
#include <cohort/run.hpp>

#include <cstdio>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

namespace {

cohort::awaitable<int> ask(char const* url) {
    cohort::Client client{url};
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < 500; ++n)
        calls.emplace_back(n, 0);
    auto const jobs = co_await client.enqueue_jobs<e2e::twice>(calls);
    auto const outcomes = co_await cohort::wait_all(jobs, 60s);
    int wrong = 0;
    for (int n = 0; n < 500; ++n) {
        auto const& outcome = outcomes[static_cast<std::size_t>(n)];
        if (outcome.value != 2 * n) ++wrong;
    }
    e2e::Parcel const parcel{
        .name = "grüße", .weight = 2.5, .tags = {"a", "b"}, .note = {}, .size = e2e::Size::large};
    auto const job = co_await client.enqueue_job<e2e::pack>(parcel, 3);
    e2e::Parcel const packed = co_await job.result(60s);
    if (packed.weight != 7.5 || packed.name != "grüße" || packed.tags.size() != 3 ||
        packed.size != e2e::Size::small)
        ++wrong;
    std::printf("501 jobs, %d wrong\n", wrong);
    co_return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    return argc == 2 ? cohort::run(ask(argv[1])) : 2;
}
