// SPDX-License-Identifier: MIT
// A broker of one scenario: where its workers come from, and what is in it, seen with other eyes than
// Cohort's. A new kind of broker is an AddBackend in a file of its own (see sqlite_store.cpp).
#pragma once

#include "faults/hand.hpp"

#include <cohort/broker.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace faults {

struct StoredJob {
    std::string id;
    cohort::JobState state = cohort::JobState::queued;
    cohort::Counters counters;
    cohort::FailReason reason = cohort::FailReason::none;
    std::uint32_t max_retries = 0;
    std::uint32_t max_lost = 0;
    std::string token;  // of the last run, as the ledger writes it; "" = unknown
    std::string result;
    std::string error;
};

// A change of state, in the order in which they happened, as the store itself has noted it.
struct Change {
    std::string id;
    int from = 0;
    int to = 0;  // 9: the record was removed
    std::uint32_t generation = 0;
};

class Store {
public:
    virtual ~Store() = default;

    // What the URL of brokers that are opened from now on has besides: "max_ended=1000".
    std::string parameters;

    // For a client or an onlooker in this process.
    virtual std::shared_ptr<cohort::Broker> open() = 0;
    virtual std::unique_ptr<Hand> start_worker(WorkerSetup const& setup) = 0;
    // Whether only the outcome of a job's owner is taken. Where it is not, a job may end in more than one
    // run, and the first that its client hears of counts.
    virtual bool fences() const { return true; }
    // For a client in a process of its own; "" when there can be none.
    virtual std::string url() const = 0;

    virtual std::vector<StoredJob> read() = 0;
    // How many jobs have not come to an end.
    virtual std::size_t unfinished() = 0;
    // Empty where the store cannot tell.
    virtual std::vector<Change> changes() { return {}; }
    // Workers that are enlisted.
    virtual std::size_t enlisted() = 0;
    // Everything that it keeps of its jobs, as text: to see that nothing has changed.
    virtual std::string dump() = 0;
    // Whether somebody keeps all others from writing, and for longer than one who works.
    virtual bool is_held() { return false; }
    // What is wrong with the store as such, in sentences.
    virtual std::vector<std::string> damage() = 0;
};

struct StoreParams {
    std::string folder;  // empty, and its own
    std::string ledger;  // the path
};

struct Backend {
    std::string name;
    std::function<std::unique_ptr<Store>(StoreParams const&)> make;
    std::function<std::string()> missing;  // what keeps it from being made: "" = nothing
};

// A static object; whatever the order, each scenario meets each backend that it names.
struct AddBackend {
    AddBackend(
        std::string name, std::function<std::unique_ptr<Store>(StoreParams const&)> make,
        std::function<std::string()> missing = [] { return std::string{}; });
};

}  // namespace faults
