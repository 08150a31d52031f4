// SPDX-License-Identifier: MIT
// Jobs in the file of a scenario, and workers called by the RabbitMQ server of the run: what is in the file
// is read as it always is.
#include "faults/rabbit_way.hpp"
#include "faults/sqlite_store.hpp"

namespace faults {

namespace {

class RabbitSqliteStore : public SqliteStore, public RabbitWay {
public:
    // A poll as on a file alone, so that the same times hold.
    explicit RabbitSqliteStore(StoreParams const& params)
        : SqliteStore{params}, RabbitWay{"poll=1s&timeout=2s"} {}

    std::string url() const override { return way(SqliteStore::url()); }
};

AddBackend const added_rabbitmq_sqlite{
    "rabbitmq+sqlite",
    [](StoreParams const& params) -> std::unique_ptr<Store> {
        return std::make_unique<RabbitSqliteStore>(params);
    },
    [] { return support::rabbitmq_url().empty() ? "no rabbitmq-server runs for the tests" : ""; }};

}  // namespace

}  // namespace faults
