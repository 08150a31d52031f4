// SPDX-License-Identifier: MIT
// Clients of one broker that hear their bells on event loops of their own, each with its thread.
#include "support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace watches_test {

using namespace cohort;
using namespace test;

namespace {

struct Heard {
    int own = 0;
    int foreign = 0;
    int late = 0;  // only found by looking, since no bell was heard
};

// One job after the other, each awaited by its bell.
awaitable<Heard> call(std::shared_ptr<Broker> broker, std::string client, int jobs) {
    Heard heard;
    // What ends before its client has begun to listen rings for nobody.
    WatchParams first;
    first.client = client;
    first.wait = 0s;
    co_await broker->watch(std::move(first));
    for (int n = 0; n < jobs; ++n) {
        std::vector<NewJob> batch{make_job(client + std::to_string(n))};
        batch.front().client = client;
        JobRef const ref = batch.front().ref;
        co_await broker->push(std::move(batch));
        auto const begun = std::chrono::steady_clock::now();
        bool has_ended = false;
        while (!has_ended && std::chrono::steady_clock::now() - begun < 20s) {
            WatchParams params;
            params.client = client;
            params.wait = 5s;
            std::vector<EndedJob> const ended = co_await broker->watch(std::move(params));
            for (EndedJob const& job : ended) {
                if (!job.ref.id.view().starts_with(client)) ++heard.foreign;
                if (job.ref == ref) has_ended = true;
            }
        }
        if (has_ended) ++heard.own;
        if (std::chrono::steady_clock::now() - begun > 900ms) ++heard.late;
    }
    co_return heard;
}

// Ends what is pushed until nobody asks for more.
awaitable<void> serve(std::shared_ptr<Broker> broker, std::atomic<int> const& callers) {
    WorkerInfo info = make_worker("w1");
    co_await broker->enlist(std::move(info));
    for (std::uint64_t number = 1; callers > 0; ++number) {
        ClaimParams params = make_claim("w1", number);
        params.wait = 100ms;
        ClaimReply const reply = co_await broker->claim(std::move(params));
        std::vector<Settlement> settlements;
        for (JobRecord const& job : reply.jobs)
            settlements.push_back(succeed(job));
        if (!settlements.empty()) co_await broker->settle(std::move(settlements));
    }
}

}  // namespace

TEST_CASE("clients of one broker hear their own bells, each on its own loop, also when others have gone") {
    TempDirectory directory;
    auto const broker = open("sqlite:" + directory.file("q.db") + "?durability=normal");
    std::vector<int> const jobs{20, 60, 120};
    std::vector<Heard> heard(jobs.size());
    std::atomic<int> callers{static_cast<int>(jobs.size())};
    std::vector<std::thread> threads;
    threads.emplace_back([&] { run(serve(broker, callers)); });
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        threads.emplace_back([&, i] {
            heard[i] = run(call(broker, std::string(1, static_cast<char>('a' + i)), jobs[i]));
            --callers;
        });
    }
    for (auto& thread : threads)
        thread.join();
    int late = 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        CHECK(heard[i].own == jobs[i]);
        CHECK(heard[i].foreign == 0);
        late += heard[i].late;
    }
    CHECK(late < 5);  // a machine that is busy may hold somebody up, but not all
}

}  // namespace watches_test
