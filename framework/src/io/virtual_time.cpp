// SPDX-License-Identifier: MIT
#include "io/virtual_time.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <map>
#include <mutex>

namespace cohort::io {

namespace asio = boost::asio;

namespace {

// Asked before every look at the time: looking for a service is a search under a lock.
std::atomic<std::uint32_t> clocks_alive = 0;

}  // namespace

struct VirtualTime::Calls {
    mutable std::mutex mutex;
    Duration elapsed{0};
    std::uint64_t sequence = 0;
    std::map<Timer::Key, std::function<void()>> waiting;
};

class TimeService : public asio::execution_context::service {
public:
    using key_type = TimeService;
    static inline asio::execution_context::id id;

    explicit TimeService(asio::execution_context& context) : service{context} {}
    void shutdown() noexcept override {
        if (time == nullptr) return;
        time->context_ = nullptr;
        decltype(VirtualTime::Calls::waiting) dropped;
        std::lock_guard const lock{time->calls_->mutex};
        dropped.swap(time->calls_->waiting);
    }

    VirtualTime* time = nullptr;
};

VirtualTime::VirtualTime(asio::io_context& context, Instant start)
    : context_{&context}, start_{start}, calls_{std::make_shared<Calls>()} {
    ++clocks_alive;
    asio::use_service<TimeService>(context).time = this;
}

VirtualTime::~VirtualTime() {
    --clocks_alive;
    if (context_ != nullptr) asio::use_service<TimeService>(*context_).time = nullptr;
}

Instant VirtualTime::now() const noexcept {
    return add(start_, steady());
}

Duration VirtualTime::steady() const noexcept {
    std::lock_guard const lock{calls_->mutex};
    return calls_->elapsed;
}

VirtualTime::Timer VirtualTime::call_after(Duration span, std::function<void()> call) {
    Timer timer;
    std::lock_guard const lock{calls_->mutex};
    timer.calls_ = calls_;
    timer.key_ = {calls_->elapsed + span, calls_->sequence++};
    calls_->waiting.emplace(timer.key_, std::move(call));
    return timer;
}

VirtualTime::Timer& VirtualTime::Timer::operator=(Timer&& other) noexcept {
    cancel();
    calls_ = std::move(other.calls_);
    key_ = other.key_;
    return *this;
}

void VirtualTime::Timer::cancel() noexcept {
    auto const calls = calls_.lock();
    if (!calls) return;
    decltype(calls->waiting)::node_type dropped;  // destroyed without the lock
    std::lock_guard const lock{calls->mutex};
    dropped = calls->waiting.extract(key_);
}

VirtualTime::Ran VirtualTime::run(Duration until) {
    stopped_ = false;
    for (;;) {
        context_->restart();
        context_->poll();
        if (stopped_) return Ran::stopped;
        std::function<void()> call;
        {
            std::lock_guard const lock{calls_->mutex};
            if (calls_->waiting.empty()) return Ran::idle;
            auto const first = calls_->waiting.begin();
            Duration const due = first->first.first;
            calls_->elapsed = std::max(calls_->elapsed, std::min(due, until));
            if (due > until) return Ran::late;
            call = std::move(first->second);
            calls_->waiting.erase(first);
        }
        // In the loop, as a real timer would: Asio defers what comes from outside.
        asio::post(*context_, std::move(call));
    }
}

VirtualTime* virtual_time(asio::any_io_executor const& executor) {
    if (clocks_alive == 0) return nullptr;
    auto& context = asio::query(executor, asio::execution::context);
    if (!asio::has_service<TimeService>(context)) return nullptr;
    return asio::use_service<TimeService>(context).time;
}

}  // namespace cohort::io
