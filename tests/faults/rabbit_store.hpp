// SPDX-License-Identifier: MIT
// A namespace of a scenario on the RabbitMQ server of the run. The server keeps messages and no records: what
// has become of a job is what its client heard, which the ledger has, and what is in the queues.
#pragma once

#include "faults/rabbit_way.hpp"

namespace faults {

class RabbitStore : public Store, public RabbitWay {
public:
    explicit RabbitStore(StoreParams const& params);

    std::shared_ptr<cohort::Broker> open() override;
    std::unique_ptr<Hand> start_worker(WorkerSetup const& setup) override;
    std::string url() const override { return way(); }
    bool fences() const override { return false; }
    std::vector<StoredJob> read() override;
    std::size_t unfinished() override;
    std::size_t enlisted() override;
    std::string dump() override;
    std::vector<std::string> damage() override;

private:
    // Messages of jobs, with those that somebody has been given.
    std::size_t messages() const;

    std::string const folder_;
    std::string const ledger_;
};

}  // namespace faults
