// SPDX-License-Identifier: MIT
// What the tests with a real server share: verbs run to their end, and jobs to run them with.
#pragma once

#include "redis/redis.hpp"
#include "support/redis_server.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/inspector.hpp>
#include <cohort/run.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <iostream>
#include <set>
#include <thread>

namespace redis_test {

using namespace cohort;

using support::RedisServer;

// A test with a server begins with it: skipped aloud where there is no server.
#define NEED_REDIS                                                                                           \
    if (!RedisServer::is_installed()) {                                                                      \
        std::cout << "SKIPPED: redis-server is not installed\n";                                             \
        return;                                                                                              \
    }

inline std::shared_ptr<Broker> open(std::string const& url) {
    return redis::open(parse_url(url));
}

template<class T>
errc code_of(awaitable<T> verb) {
    try {
        run(std::move(verb));
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

inline NewJob make_job(std::string id, std::string arguments = "[1,2]") {
    NewJob job;
    job.ref = JobRef{"main", std::move(id)};
    job.name = "shop.add";
    job.arguments = std::move(arguments);
    job.client = "c1";
    return job;
}

inline std::vector<NewJob> one(std::string id) {
    std::vector<NewJob> jobs;
    jobs.push_back(make_job(std::move(id)));
    return jobs;
}

inline std::string enlist(Broker& broker, Duration lease = 30s) {
    WorkerInfo worker;
    worker.incarnation = random_id();
    worker.queues = {"main"};
    worker.lease = lease;
    run(broker.enlist(worker));
    return worker.incarnation;
}

inline ClaimParams claim_of(std::string const& incarnation, std::uint64_t number, Duration wait = 0s) {
    ClaimParams params;
    params.incarnation = incarnation;
    params.queues = {"main"};
    params.limit = 10;
    params.number = number;
    params.wait = wait;
    return params;
}

inline std::vector<Settlement> success(JobRecord const& run) {
    Settlement settlement;
    settlement.ref = run.ref;
    settlement.token = *run.token;
    settlement.result = "3";
    return {settlement};
}

template<class Ask>
bool becomes_true(Ask ask, std::chrono::seconds patience = std::chrono::seconds{10}) {
    auto const deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
        if (ask()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return false;
}

inline Duration since(std::chrono::steady_clock::time_point begun) {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
}

}  // namespace redis_test
