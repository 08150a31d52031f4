// SPDX-License-Identifier: MIT
// A worker and a client in one program, on a broker that needs no server.
#include "jobs.hpp"

#include <cohort/cohort.hpp>

#include <iostream>

using namespace std::chrono_literals;

namespace {

cohort::awaitable<void> ask() {
    cohort::Client client{"sqlite:consumer.db"};
    auto job = co_await client.enqueue_job<consumer::add>(2, 3);
    int const sum = co_await job.result(20s);
    std::cout << "2 + 3 = " << sum << '\n';
}

}  // namespace

int main() {
    cohort::Worker worker{"sqlite:consumer.db"};
    cohort::BackgroundWorker running{worker};
    cohort::run(ask());
}
