// SPDX-License-Identifier: MIT
// What the verbs on a store share: the store, the server's connections, and who listens. It outlives the
// broker while verbs are under way.
#pragma once

#include "io/loop.hpp"
#include "rabbitmq/ear.hpp"
#include "rabbitmq/tickets.hpp"

#include <cohort/broker.hpp>

#include <atomic>
#include <functional>
#include <mutex>

namespace cohort::rabbitmq {

struct StoredCore {
    StoredCore(Config its_config, std::shared_ptr<Broker> its_store);
    ~StoredCore();

    Config const config;
    std::shared_ptr<Broker> const store;
    io::Loop loop{"cohort-tickets"};
    EnginePtr const engine;
    TicketsPtr const tickets;
    std::atomic<bool> is_closed{false};

    // Publishes these tickets without waiting; `done` is called on the loop, if given.
    void call(Tickets::Counts counts, std::function<void()> done = nullptr);
    // Of a worker's life, made when it is first asked for.
    EarPtr ear(std::string const& incarnation);
    // The queues that the life was enlisted on here.
    void know(std::string const& incarnation, std::vector<std::string> queues);
    std::vector<std::string> queues(std::string const& incarnation);
    // The life is over.
    void forget(std::string const& incarnation);
    void wake_ears();
    void close();

private:
    std::mutex mutex_;
    std::map<std::string, EarPtr> ears_;
    std::map<std::string, std::vector<std::string>> queues_;
};
using StoredCorePtr = std::shared_ptr<StoredCore>;

}  // namespace cohort::rabbitmq
