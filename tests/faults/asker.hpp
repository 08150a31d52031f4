// SPDX-License-Identifier: MIT
// The client of a scenario: enqueues what it is told, and keeps the ledger of what it was promised.
#pragma once

#include "faults/ledger.hpp"

#include <cohort/blocking_client.hpp>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

// So many calls of one job. Ids are `prefix` and a number.
struct Load {
    std::string_view job;  // "ok", "plain", …
    int number = 0;        // its argument
    int count = 1;
    cohort::EnqueueOptions options = {};
};

class Asker {
public:
    Asker(std::shared_ptr<cohort::Broker> broker, std::shared_ptr<Ledger> ledger, std::string prefix = "j");
    ~Asker();

    // Their ids. What the client was told of each is in the ledger.
    std::vector<std::string> enqueue(Load const& load);
    // One of a given id; says what enqueue() threw.
    cohort::errc enqueue_as(std::string const& id, Load const& load);
    // From now on somebody waits for all that has been enqueued, so long.
    void wait(cohort::Duration patience);
    // Until that wait has ended.
    void join();

    cohort::BlockingClient& client() noexcept { return client_; }

private:
    std::shared_ptr<Ledger> const ledger_;
    std::string const prefix_;
    int next_ = 0;
    cohort::BlockingClient client_;
    std::vector<cohort::JobHandle> handles_;
    std::vector<std::future<void>> waits_;
};

}  // namespace faults
