// SPDX-License-Identifier: MIT
// Jobs in the file of a scenario, and workers called by the RabbitMQ server of the run: what is in the file
// is read as it always is.
#include "faults/sqlite_store.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/id.hpp>

namespace faults {

namespace {

class RabbitSqliteStore : public SqliteStore {
public:
    using SqliteStore::SqliteStore;

    // A poll as on a file alone, so that the same times hold.
    std::string url() const override {
        return support::rabbitmq_url() + "?poll=1s&timeout=2s&namespace=" + space_ +
               "&store=sqlite:" + path() + (parameters.empty() ? "" : "%3F" + parameters);
    }

private:
    std::string const space_ = cohort::random_id();
};

AddBackend const added_rabbitmq_sqlite{
    "rabbitmq+sqlite",
    [](StoreParams const& params) -> std::unique_ptr<Store> {
        return std::make_unique<RabbitSqliteStore>(params);
    },
    [] {
        return std::string{support::rabbitmq_url().empty() ? "no rabbitmq-server runs for the tests" : ""};
    }};

}  // namespace

}  // namespace faults
