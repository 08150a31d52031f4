// SPDX-License-Identifier: MIT
// What the tests with a real server share: verbs run to their end, and jobs to run them with.
#pragma once

#include "rabbitmq/rabbitmq.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/run.hpp>

#include <catch2/catch.hpp>

#include <iostream>
#include <thread>

namespace rabbitmq_test {

using namespace cohort;

// A test with a server begins with it: skipped aloud where there is none.
#define NEED_RABBITMQ                                                                                        \
    if (support::rabbitmq_url().empty()) {                                                                   \
        std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";                                     \
        return;                                                                                              \
    }

// A namespace of the test's own.
class Space {
public:
    std::shared_ptr<Broker> open(std::string const& parameters = {}) const {
        return rabbitmq::open(parse_url(support::rabbitmq_url() + "?namespace=" + name + parameters));
    }
    std::string const name = random_id();
};

template<class T>
errc code_of(awaitable<T> verb) {
    try {
        run(std::move(verb));
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

inline std::vector<NewJob> one(std::string id, std::string queue = "main") {
    std::vector<NewJob> jobs(1);
    jobs[0].ref = JobRef{std::move(queue), std::move(id)};
    jobs[0].name = "shop.add";
    jobs[0].arguments = "[1,2]";
    jobs[0].client = "c1";
    return jobs;
}

inline void push(Broker& broker, std::string id, std::string queue = "main") {
    auto const results = run(broker.push(one(std::move(id), std::move(queue))));
    REQUIRE(results.at(0).verdict == PushVerdict::stored);
}

struct Worker {
    explicit Worker(Broker& its_broker, std::vector<std::string> its_queues = {"main"})
        : broker{its_broker}, queues{std::move(its_queues)} {
        begin();
    }
    // A life that has not been there before.
    void begin() {
        incarnation = random_id();
        number = 0;
        WorkerInfo info;
        info.incarnation = incarnation;
        info.queues = queues;
        info.slots = 4;
        run(broker.enlist(info));
    }
    ClaimReply claim(std::uint32_t limit = 1, Duration wait = 10s) {
        ClaimParams params;
        params.incarnation = incarnation;
        params.queues = queues;
        params.limit = limit;
        params.number = ++number;
        params.wait = wait;
        return run(broker.claim(params));
    }
    Verdict settle(JobRecord const& job, SettleKind kind = SettleKind::succeeded, Duration delay = 0s) {
        std::vector<Settlement> settlements(1);
        settlements[0].ref = job.ref;
        settlements[0].token = *job.token;
        settlements[0].kind = kind;
        settlements[0].result = "3";
        settlements[0].delay = delay;
        if (kind == SettleKind::retry) settlements[0].reason = FailReason::exception;
        return run(broker.settle(std::move(settlements))).at(0);
    }

    Broker& broker;
    std::string incarnation;
    std::vector<std::string> const queues;
    std::uint64_t number = 0;
};

inline std::vector<EndedJob> watch(Broker& broker, Duration wait = 10s) {
    WatchParams params;
    params.client = "c1";
    params.wait = wait;
    return run(broker.watch(params));
}

}  // namespace rabbitmq_test
