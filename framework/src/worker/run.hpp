// SPDX-License-Identifier: MIT
// One run of one job in this worker: its Context, and who may say how it ended.
#pragma once

#include "worker/shared.hpp"

#include <cohort/context.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace cohort {

class Run : public Context, public std::enable_shared_from_this<Run> {
public:
    Run(std::shared_ptr<Worker::Shared> shared, JobRecord&& job, JobEntry const* entry, Duration its_claim);

    JobRecord const& job() const noexcept override { return job_; }
    Instant deadline() const noexcept override { return deadline_; }
    StopReason stop_reason() const noexcept override { return stop_.load(std::memory_order_acquire); }
    std::string const& result() const noexcept override { return result_; }
    void set_result(std::string json) override { result_ = std::move(json); }
    std::string take_result() noexcept { return std::move(result_); }  // nobody will ask for it any more
    void note(std::string_view text) override;
    void add_commit_hook(std::function<void(void*)> write) override;

    JobEntry const& entry() const noexcept { return *entry_; }
    Worker::Shared& shared() const noexcept { return *shared_; }

    // Asks the body to end; the first reason stays. Any thread.
    void stop(StopReason reason);
    // While a runner executes the body: what cancels it. Emitted on the executor of begin().
    using Canceller = std::weak_ptr<boost::asio::cancellation_signal>;
    void set_canceller(Canceller cancel);

    // The body is about to start. `executor` tells the time, which is `now`, and is where a runner executes
    // it.
    void begin(boost::asio::any_io_executor const& executor, Duration now);
    // From the time at which it was due to its start; and how long the body took, once it has ended or was
    // given up.
    Duration waited() const noexcept;
    Duration took() const noexcept { return took_; }
    // What the body wants to be written with its success; null for nothing.
    std::shared_ptr<CommitHook> commit_hook();

    bool is_settled() const noexcept { return settled_.load(); }
    // The body has ended, with an exception or with result() set. Any thread, once.
    void finish(std::exception_ptr error);
    // It has not, and will not be waited for any longer: settled by its stop reason. Any thread.
    void abandon();

    std::atomic<Line*> line = nullptr;  // on which its notes and its outcome go; set before it begins
    Runs::Place place;                  // for Runs alone
    std::optional<Duration> limit_at;   // for Limits alone
    Duration const claimed;             // for who lists what is under way; by the machine's clock

private:
    std::shared_ptr<void> provided(std::type_index type) const override;
    void tell(Settlement const& settlement);
    bool is_first() noexcept { return !settled_.exchange(true); }

    std::shared_ptr<Worker::Shared> const shared_;
    JobRecord const job_;
    JobEntry const* const entry_;
    Instant const deadline_;
    boost::asio::any_io_executor executor_;
    Duration begun_{};
    Duration took_{};
    std::string result_;
    std::vector<std::function<void(void*)>> writes_;
    std::atomic<StopReason> stop_ = StopReason::none;
    std::atomic<bool> settled_ = false;
    io::SpinLock mutex_;  // of what is below
    Canceller cancel_;
};

}  // namespace cohort
