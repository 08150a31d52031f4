// SPDX-License-Identifier: MIT
// The server of a scenario, on a socket of its own, read with hiredis and a script that knows the bytes of
// the manual, and nothing of Cohort's.
#pragma once

#include "faults/store.hpp"
#include "support/redis_server.hpp"

#include <cstdint>

namespace faults {

class RedisStore : public Store {
public:
    // Its jobs are in this namespace.
    explicit RedisStore(StoreParams const& params, std::string space = {});

    std::shared_ptr<cohort::Broker> open() override;
    std::unique_ptr<Hand> start_worker(WorkerSetup const& setup) override;
    std::string url() const override;
    std::vector<StoredJob> read() override;
    std::size_t unfinished() override;
    std::size_t enlisted() override;
    std::string dump() override;
    std::vector<std::string> damage() override;

    support::RedisServer& server() noexcept { return server_; }
    std::uint16_t port() const noexcept { return static_cast<std::uint16_t>(port_); }
    // Clients and workers that come from now on take another way there, or with a password.
    void set_url(std::string url) { url_ = std::move(url); }
    void set_password(std::string password) { password_ = std::move(password); }

private:
    std::vector<std::string> ask(std::vector<std::string> const& words);
    std::vector<std::string> run(char const* script);

    std::string const folder_;
    std::string const ledger_;
    std::string const base_;  // what the names of its keys begin with
    int const port_ = support::free_port();
    std::string url_;
    std::string password_;
    support::RedisServer server_;
};

}  // namespace faults
