// SPDX-License-Identifier: MIT
// The broker in this process. Nobody else can look into it, so what is read is what its Inspector says;
// double commits are found in the ledger alone.
#include "faults/ledger.hpp"
#include "faults/store.hpp"

#include <cohort/id.hpp>
#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>

namespace faults {

namespace {

cohort::awaitable<std::vector<cohort::JobRecord>> list_all(cohort::Inspector& inspector) {
    std::vector<cohort::JobRecord> all;
    cohort::ListParams params;
    params.queue = "default";
    params.limit = 1000;
    do {
        auto asked = params;
        cohort::ListPage page = co_await inspector.list(std::move(asked));
        for (auto& job : page.jobs)
            all.push_back(std::move(job));
        params.after = page.next;
    } while (!params.after.empty());
    co_return all;
}

class MemoryStore : public Store {
public:
    explicit MemoryStore(StoreParams const& params)
        : broker_{cohort::open_broker("memory:" + cohort::random_id())},
          ledger_{std::make_shared<Ledger>(params.ledger)} {}

    std::shared_ptr<cohort::Broker> open() override { return cohort::open_broker(broker_->name()); }
    std::unique_ptr<Hand> start_worker(WorkerSetup const& setup) override {
        return start_object(setup, open(), ledger_);
    }
    std::string url() const override { return {}; }

    std::vector<StoredJob> read() override {
        std::vector<StoredJob> jobs;
        for (auto const& record : cohort::run(list_all(*broker_->inspector()))) {
            StoredJob job;
            job.id = record.ref.id;
            job.state = record.state;
            job.counters = record.counters;
            job.reason = record.reason;
            job.max_retries = record.policy.max_retries;
            job.max_lost = record.policy.max_lost;
            if (record.token) job.token = to_string(*record.token);
            job.result = record.result;
            job.error = record.error;
            jobs.push_back(std::move(job));
        }
        return jobs;
    }
    std::size_t unfinished() override {
        std::size_t count = 0;
        for (auto const& queue : cohort::run(broker_->inspector()->queues())) {
            for (auto const state : cohort::all_states) {
                if (!is_terminal(state)) count += queue.count(state);
            }
        }
        return count;
    }
    std::size_t enlisted() override { return cohort::run(broker_->inspector()->workers()).size(); }
    std::string dump() override {
        std::string all;
        for (auto const& job : read()) {
            all += job.id + '|' + std::string{to_string(job.state)} + '|' +
                   std::to_string(job.counters.attempt) + '|' + std::to_string(job.counters.lost) + '|' +
                   job.token + '|' + job.result + '\n';
        }
        return all;
    }
    std::vector<std::string> damage() override { return cohort::run(broker_->inspector()->audit()); }

private:
    std::shared_ptr<cohort::Broker> const broker_;
    std::shared_ptr<Ledger> const ledger_;
};

AddBackend const added_memory{"memory", [](StoreParams const& params) -> std::unique_ptr<Store> {
                                  return std::make_unique<MemoryStore>(params);
                              }};

}  // namespace

}  // namespace faults
