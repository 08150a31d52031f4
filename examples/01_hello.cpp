// SPDX-License-Identifier: MIT
// The smallest whole program: a function, a worker that runs it, a client that asks for it. No server: the
// jobs are in the file hello.db.
#include <cohort/cohort.hpp>

#include <iostream>

using namespace std::chrono_literals;

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);
COHORT_REGISTER(add);

cohort::awaitable<void> hello() {
    cohort::Client client{"sqlite:hello.db"};
    auto job = co_await client.enqueue_job<add>(2, 3);
    int const sum = co_await job.result(5s);
    std::cout << "2 + 3 = " << sum << "\n";
}

int main() {
    cohort::Worker worker{"sqlite:hello.db"};
    cohort::BackgroundWorker running{worker};
    cohort::run(hello());
}
