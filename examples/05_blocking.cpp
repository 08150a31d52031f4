// SPDX-License-Identifier: MIT
// Without coroutines: the same verbs, from any thread.
#include <cohort/cohort.hpp>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

std::string reverse(std::string text) {
    return {text.rbegin(), text.rend()};
}
COHORT_JOB(reverse);
COHORT_REGISTER(reverse);

int main() {
    cohort::Worker worker{"sqlite:blocking.db"};
    cohort::BackgroundWorker running{worker};

    cohort::BlockingClient client{"sqlite:blocking.db"};
    std::cout << client.call<reverse>("desserts") << "\n";

    // One client serves all threads.
    std::vector<std::string> results(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < results.size(); ++i) {
        threads.emplace_back([&client, &results, i] {
            auto const job = client.enqueue_job<reverse>("thread " + std::to_string(i));
            results[i] = job.result(10s);
        });
    }
    for (auto& thread : threads)
        thread.join();
    for (auto const& result : results)
        std::cout << result << "\n";
}
