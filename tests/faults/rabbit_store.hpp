// SPDX-License-Identifier: MIT
// A namespace of a scenario on the RabbitMQ server of the run. The server keeps messages and no records: what
// has become of a job is what its client heard, which the ledger has, and what is in the queues.
#pragma once

#include "faults/rabbit_reader.hpp"
#include "faults/store.hpp"

namespace faults {

class RabbitStore : public Store {
public:
    // Seconds: whoever is silent for three of them is dead, and that must be seen within
    // WorkerSetup::recovery().
    static constexpr int heartbeat = (20 * slowness + 16) / 30;

    explicit RabbitStore(StoreParams const& params);

    std::shared_ptr<cohort::Broker> open() override;
    std::unique_ptr<Hand> start_worker(WorkerSetup const& setup) override;
    std::string url() const override;
    bool fences() const override { return false; }
    std::vector<StoredJob> read() override;
    std::size_t unfinished() override;
    std::size_t enlisted() override;
    std::string dump() override;
    std::vector<std::string> damage() override;

    RabbitReader const& reader() const noexcept { return reader_; }
    // "jobs", "dead": the queue on the server.
    std::string queue(std::string const& kind) const { return "cohort:" + space_ + ":" + kind + ":default"; }
    std::uint16_t port() const;
    // Clients and workers that come from now on take another way there: "" = the server's own.
    void go_by(std::uint16_t port) { port_ = port; }
    void set_parameters(std::string parameters) { parameters_ = std::move(parameters); }

private:
    // Messages of jobs, with those that somebody has been given.
    std::size_t messages() const;

    std::string const folder_;
    std::string const ledger_;
    std::string const space_;
    std::string const server_;
    RabbitReader const reader_{server_};
    std::uint16_t port_ = 0;
    std::string parameters_ = "&heartbeat=" + std::to_string(heartbeat) + "s&timeout=2s";
};

}  // namespace faults
