// SPDX-License-Identifier: MIT
#include "faults/asker.hpp"

#include "faults/jobs.hpp"

#include <cohort/run.hpp>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace faults {

namespace {

template<auto J>
void add(cohort::Batch& batch, cohort::EnqueueOptions const& options, int number) {
    batch.add<J>(options, number);
}

struct Named {
    std::string_view name;
    void (*add)(cohort::Batch&, cohort::EnqueueOptions const&, int);
};

constexpr Named all_jobs[] = {{"ok", add<ok>},       {"later", add<later>},   {"busy", add<busy>},
                              {"big", add<big>},     {"plain", add<plain>},   {"quick", add<quick>},
                              {"fails", add<fails>}, {"aborts", add<aborts>}, {"flaky", add<flaky>}};

void add_to(cohort::Batch& batch, Load const& load, std::string const& id) {
    auto options = load.options;
    options.id = id;
    for (auto const& job : all_jobs) {
        if (job.name == load.job) return job.add(batch, options, load.number);
    }
    throw std::logic_error{"no job " + std::string{load.job}};
}

cohort::awaitable<void> wait_for(std::vector<cohort::JobHandle> handles, std::shared_ptr<Ledger> ledger,
                                 cohort::Duration patience) {
    cohort::AsCompleted done{handles};
    auto const end = ledger_time() + patience;
    while (done.left() > 0) {
        auto const left = std::max<cohort::Duration>(end - ledger_time(), cohort::Duration{1});
        try {
            std::size_t const index = co_await done.next(left);
            auto const& ending = done.ending(index);
            constexpr std::size_t longest = 200;  // those that are made large are not compared
            ledger->write("got",
                          {handles[index].id(), to_string(ending.state), std::to_string(ending.attempt),
                           std::string_view{ending.result}.substr(0, longest)});
        } catch (cohort::Error const& error) {
            if (error.which() != cohort::errc::job_not_found) throw;
            // It names the job: "default/j000001" is unknown…
            auto const begin = error.detail().find('/') + 1;
            ledger->write("got",
                          {error.detail().substr(begin, error.detail().find('"', begin) - begin), "unknown"});
        }
    }
}

void run_wait(std::vector<cohort::JobHandle> handles, std::shared_ptr<Ledger> ledger,
              cohort::Duration patience) {
    auto const until = ledger_time() + patience;
    try {
        cohort::run(wait_for(std::move(handles), ledger, patience));
    } catch (cohort::Error const& error) {
        ledger->write("wait_ended", {to_string(error.which())});
    }
    // No wait may outlive its limit; the half second is the machine's.
    if (ledger_time() > until + std::chrono::milliseconds{500}) ledger->write("hung", {});
}

}  // namespace

Asker::Asker(std::shared_ptr<cohort::Broker> broker, std::shared_ptr<Ledger> ledger, std::string prefix)
    : ledger_{std::move(ledger)}, prefix_{std::move(prefix)}, client_{std::move(broker)} {}

Asker::~Asker() {
    client_.close();
    join();
}

std::vector<std::string> Asker::enqueue(Load const& load) {
    std::vector<std::string> ids;
    cohort::Batch batch;
    for (int i = 0; i < load.count; ++i) {
        char number[16];
        std::snprintf(number, sizeof number, "%06d", ++next_);
        ids.push_back(prefix_ + number);
        add_to(batch, load, ids.back());
        ledger_->write("invoke", {ids.back()});
    }
    std::string_view what = "ok";
    cohort::errc code = cohort::errc::ok;
    try {
        auto handles = client_.enqueue_batch(batch);
        handles_.insert(handles_.end(), handles.begin(), handles.end());
    } catch (cohort::Error const& error) {
        code = error.which();
        what = code == cohort::errc::uncertain ? "info" : "fail";
    }
    for (auto const& id : ids)
        ledger_->write(what, {id, to_string(code)});
    return ids;
}

cohort::errc Asker::enqueue_as(std::string const& id, Load const& load) {
    cohort::Batch batch;
    add_to(batch, load, id);
    ledger_->write("invoke", {id});
    try {
        auto handles = client_.enqueue_batch(batch);
        handles_.insert(handles_.end(), handles.begin(), handles.end());
    } catch (cohort::Error const& error) {
        ledger_->write(error.which() == cohort::errc::uncertain ? "info" : "fail",
                       {id, to_string(error.which())});
        return error.which();
    }
    ledger_->write("ok", {id, "ok"});
    return cohort::errc::ok;
}

void Asker::wait(cohort::Duration patience) {
    if (handles_.empty()) return;
    for (auto const& handle : handles_)
        ledger_->write("await", {handle.id()});
    waits_.push_back(std::async(std::launch::async, run_wait, handles_, ledger_, patience));
}

void Asker::join() {
    for (auto& wait : waits_)
        wait.get();
    waits_.clear();
}

}  // namespace faults
