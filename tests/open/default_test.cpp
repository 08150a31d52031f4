// SPDX-License-Identifier: MIT
// What is used when nobody says otherwise.
#include "support/process.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/open.hpp>
#include <cohort/register.hpp>
#include <cohort/worker.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

using namespace std::chrono_literals;

namespace default_test {

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);

}  // namespace default_test

using default_test::add;

TEST_CASE("without a word of configuration a file in the working directory is the broker", "[R10]") {
    support::TempDir const dir;
    auto const before = std::filesystem::current_path();
    std::filesystem::current_path(dir.path());
    ::unsetenv("COHORT_BROKER");
    CHECK(cohort::default_broker_url() == "sqlite:cohort.db");
    auto const schemes = cohort::open_schemes();
    bool const has_files = std::find(schemes.begin(), schemes.end(), "sqlite") != schemes.end();
    if (!has_files) {
        CHECK_THROWS_WITH(cohort::open_broker(cohort::default_broker_url()),
                          Catch::Contains("this program was built without sqlite"));
        std::filesystem::current_path(before);
        return;
    }
    {
        cohort::Worker worker{cohort::default_broker_url()};
        worker.add<add>();
        cohort::BackgroundWorker const running{worker};
        cohort::BlockingClient client{cohort::default_broker_url()};
        CHECK(client.call<add>(1, 2) == 3);
    }
    CHECK(std::filesystem::exists(dir.file("cohort.db")));
    std::filesystem::current_path(before);
}

TEST_CASE("each setting can be changed alone", "[R10]") {
    ::setenv("COHORT_BROKER", "memory:elsewhere", 1);
    CHECK(cohort::default_broker_url() == "memory:elsewhere");
    ::setenv("COHORT_BROKER", "", 1);
    CHECK(cohort::default_broker_url() == "sqlite:cohort.db");
    ::unsetenv("COHORT_BROKER");

    auto const broker = cohort::open_broker("memory:");
    cohort::ClientOptions const usual;
    CHECK(usual.queue == "default");
    CHECK(usual.deadline == 5s);
    cohort::BlockingClient client{broker, {.queue = "mine"}};
    auto const record = *client.enqueue_job<add>(1, 2).status();
    CHECK(record.ref.queue == "mine");
    CHECK(record.policy == cohort::Policy{});
    cohort::Policy policy;
    policy.max_retries = 7;
    cohort::BlockingClient other{broker, {.policy = policy}};
    auto const changed = *other.enqueue_job<add>(1, 2).status();
    CHECK(changed.ref.queue == "default");
    CHECK(changed.policy.max_retries == 7);
    CHECK(changed.policy.max_lost == cohort::Policy{}.max_lost);
}
