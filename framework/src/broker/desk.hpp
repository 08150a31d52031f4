// SPDX-License-Identifier: MIT
// Where jobs are enqueued and their results are waited for: what a Client is made of.
#pragma once

#include "broker/waits.hpp"
#include "io/scope.hpp"

#include <cohort/id.hpp>
#include <cohort/options.hpp>

#include <string>

namespace cohort {

struct DeskOptions {
    std::string queue = "default";
    Policy policy;  // where neither the job nor the call says otherwise
    IdGenerator ids;
    std::string sender;        // JobSpec::sender
    Duration deadline = 5s;    // of one broker call
    Duration poll = 1s;        // the fallback when notifications are lost
    bool owns_broker = false;  // close() closes it too
};

// Thread-safe. Held by shared_ptr by everything that is under way, so it outlives the Client whose part it
// is.
class Desk : public std::enable_shared_from_this<Desk> {
public:
    Desk(std::shared_ptr<Broker> broker, DeskOptions options);

    // A job with everything but its arguments, checked. Throws Error: invalid_….
    NewJob prepare(std::string_view name, JobOptions const& job, EnqueueOptions const& call) const;

    Front& front() noexcept { return front_; }
    // Stores one new job; its end will be heard of.
    awaitable<PushResult> push(NewJob job);
    // Waits for ends of jobs; starts the loop of notifications on its first use.
    awaitable<std::shared_ptr<Completions>> wait_for(std::vector<JobRef> refs);
    // The same without reading, for a job that was pushed here; null when that is not enough.
    std::shared_ptr<Completions> wait_for_fresh(JobRef const& ref) { return waits_.add_fresh(ref); }
    void forget(Completions const& completions) noexcept { waits_.remove(completions); }

    // On which the loop of notifications runs.
    void set_executor(boost::asio::any_io_executor executor) { executor_ = std::move(executor); }
    // Ends all waits with Error(closed). Idempotent, does not block.
    void close() noexcept;

private:
    static awaitable<void> watch(std::shared_ptr<Desk> desk);

    DeskOptions const options_;
    std::string const client_;  // the address of our notifications
    Front front_;
    Waits waits_;
    std::mutex mutex_;
    bool watching_ = false;
    boost::asio::any_io_executor executor_;
    io::Scope loops_;
};

}  // namespace cohort
