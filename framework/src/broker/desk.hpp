// SPDX-License-Identifier: MIT
// Where jobs are enqueued and their results are waited for: what a Client is made of.
#pragma once

#include "broker/operations.hpp"
#include "broker/waits.hpp"
#include "io/scope.hpp"

#include <cohort/id.hpp>
#include <cohort/options.hpp>

#include <atomic>
#include <string>

namespace cohort {

struct DeskOptions {
    std::string queue = "default";
    Policy policy;  // where neither the job nor the call says otherwise
    IdGenerator ids;
    std::string name;                 // who asks, for the log
    std::string sender;               // JobSpec::sender
    std::string reply_to;             // JobSpec::client; "" = a name that nobody else has
    std::optional<Duration> overdue;  // how late a job may start that says nothing of it
    Duration deadline = 5s;           // of one broker call
    Duration poll = 1s;               // the fallback when notifications are lost
    bool owns_broker = false;         // close() closes it too
};

// Thread-safe. Held by shared_ptr by everything that is under way, so it outlives the Client whose part it
// is.
class Desk : public std::enable_shared_from_this<Desk> {
public:
    Desk(std::shared_ptr<Broker> broker, DeskOptions options);

    // A job with everything but its arguments, checked. Throws Error: invalid_….
    NewJob prepare(std::string_view name, JobOptions const& job, EnqueueOptions const& call) const;
    // The same, made where it waits to be sent by push().
    std::shared_ptr<NewJob> prepare_one(std::string_view name, JobOptions const& job,
                                        EnqueueOptions const& call) const;

    // Throws Error(closed).
    Front& front();
    Broker& broker() noexcept { return front_.broker(); }
    // Stores one new job, which prepare_one() has made; its end will be heard of. When it was not stored, say
    // so.
    awaitable<PushResult> push(std::shared_ptr<NewJob> job);
    awaitable<std::vector<PushResult>> push_all(std::vector<NewJob> jobs);
    void forget_push(JobRef const& ref) noexcept;
    // To wait for ends of jobs; starts the loops that find out on its first use. Throws Error(closed).
    std::shared_ptr<Completions> wait_for(Completions::Refs&& refs);
    // What is under way, in no order.
    Operations& operations() noexcept { return operations_; }
    std::vector<UnderWay> under_way() const;
    // To be added to what says that time is up: "" or why nothing could be read.
    std::string trouble() const;
    void forget(Completions const& completions) noexcept { waits_.remove(completions); }

    // On which these loops run.
    void set_executor(boost::asio::any_io_executor executor) { executor_ = std::move(executor); }
    // Ends all waits with Error(closed). Idempotent, does not block.
    void close() noexcept;

private:
    void prepare(NewJob& made, std::string_view name, JobOptions const& job,
                 EnqueueOptions const& call) const;
    void start_loops();
    static awaitable<void> listen(std::shared_ptr<Desk> desk);
    static awaitable<void> read(std::shared_ptr<Desk> desk);

    DeskOptions const options_;
    Text const queue_;
    Text const sender_;
    Id const client_;  // the address of our notifications
    Front front_;
    Operations operations_;
    Waits waits_;
    std::atomic<bool> closed_ = false;
    std::mutex mutex_;
    std::atomic<bool> watching_ = false;
    boost::asio::any_io_executor executor_;
    io::Scope loops_;
};

}  // namespace cohort
