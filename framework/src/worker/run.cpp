// SPDX-License-Identifier: MIT
#include "worker/run.hpp"

#include "base/failpoint.hpp"
#include "base/text.hpp"
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "worker/outcome.hpp"

#include <boost/asio/post.hpp>
#include <boost/core/demangle.hpp>

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

class Writes : public CommitHook {
public:
    Writes(std::shared_ptr<Run> run, std::vector<std::function<void(void*)>> writes)
        : run_{std::move(run)}, writes_{std::move(writes)} {}

    void run(void* handle) override {
        for (auto const& write : writes_)
            write(handle);
    }
    Settlement failed(std::exception_ptr error) override { return failed_run(*run_, error); }

private:
    std::shared_ptr<Run> const run_;
    std::vector<std::function<void(void*)>> const writes_;
};

}  // namespace

Run::Run(std::shared_ptr<Worker::Shared> shared, JobRecord&& job, JobEntry const* entry, Duration its_claim)
    : claimed{its_claim}, shared_{std::move(shared)}, job_{std::move(job)}, entry_{entry},
      deadline_{job_.policy.timeout > 0s && job_.started ? add(*job_.started, job_.policy.timeout) : never} {}

void Run::note(std::string_view text) {
    Settlement settlement;
    settlement.ref = job_.ref;
    settlement.token = *job_.token;
    settlement.kind = SettleKind::note;
    settlement.result = clean_text(text, 8192);
    line.load()->put(std::move(settlement));
}

void Run::add_commit_hook(std::function<void(void*)> write) {
    if (!shared_->front.broker().capabilities().commit_hooks)
        return Context::add_commit_hook(std::move(write));
    if (write) writes_.push_back(std::move(write));
}

std::shared_ptr<CommitHook> Run::commit_hook() {
    if (writes_.empty()) return nullptr;
    return std::make_shared<Writes>(shared_from_this(), writes_);
}

std::shared_ptr<void> Run::provided(std::type_index type) const {
    auto const found = shared_->provided.find(type);
    if (found != shared_->provided.end()) return found->second;
    throw Error{errc::invalid_config, "this worker was not given an object of type " +
                                          boost::core::demangle(type.name()) +
                                          "; call provide() before run()"};
}

void Run::stop(StopReason reason) {
    auto none = StopReason::none;
    if (!stop_.compare_exchange_strong(none, reason)) return;
    std::lock_guard lock{mutex_};
    if (cancel_.expired()) return;
    // On the body's own loop, where it cannot end at the same time.
    boost::asio::post(executor_, [self = shared_from_this()] {
        std::shared_ptr<boost::asio::cancellation_signal> cancel;
        {
            std::lock_guard inner{self->mutex_};
            cancel = self->cancel_.lock();
        }
        if (cancel) cancel->emit(boost::asio::cancellation_type::terminal);
    });
}

void Run::set_canceller(Canceller cancel) {
    std::lock_guard lock{mutex_};
    cancel_ = std::move(cancel);
}

void Run::begin(boost::asio::any_io_executor const& executor, Duration now) {
    executor_ = executor;
    begun_ = now;
}

Duration Run::waited() const noexcept {
    return std::max<Duration>(job_.started.value_or(job_.due) - job_.due, 0s);
}

// One line for each run, for who wants them.
void Run::tell(Settlement const& settlement) {
    if (executor_) took_ = io::steady_now(executor_) - begun_;
    if (!is_logged(LogLevel::info)) return;
    log(LogLevel::info, std::string{to_string(settlement.kind)} + ", waited " + to_string(waited()) +
                            ", ran " + to_string(took_));
}

void Run::finish(std::exception_ptr error) {
    failpoint("handler.after");
    if (!is_first()) {
        // Given up before: the outcome is somebody else's by now, only the thread is ours again.
        if (entry_->kind == BodyKind::plain && shared_->pool) shared_->pool->take_one_back();
        std::lock_guard lock{shared_->mutex};
        --shared_->stats.stuck;
        shared_->slot_free.wake();
        return;
    }
    if (limit_at) shared_->limits.remove(*this);
    Settlement settlement = error ? failed_run(*this, error) : succeeded_run(*this);
    tell(settlement);
    line.load()->put(std::move(settlement), shared_from_this());
}

void Run::abandon() {
    if (!is_first()) return;
    if (limit_at) shared_->limits.remove(*this);
    if (entry_->kind == BodyKind::plain && shared_->pool) shared_->pool->give_one_up();
    {
        std::lock_guard lock{shared_->mutex};
        ++shared_->stats.stuck;
    }
    Settlement settlement = stopped_run(*this);
    tell(settlement);
    shared_->line.put(std::move(settlement), shared_from_this());
}

}  // namespace cohort
