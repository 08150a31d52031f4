// SPDX-License-Identifier: MIT
// The clock of a test loop: time passes only when nothing else is left to do, and then at once.
#pragma once

#include <cohort/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace cohort::io {

class TimeService;

// Installed in an io_context by its constructor; timers of that context then use it. The context is run by
// one thread. May outlive the context, and should when coroutines that the context destroys with it still
// read the time.
class VirtualTime : public Clock {
public:
    // Time begins at `start`.
    explicit VirtualTime(boost::asio::io_context& context,
                         Instant start = Instant{std::chrono::seconds{1'000'000'000}});
    ~VirtualTime() override;

    Instant now() const noexcept override;
    Duration steady() const noexcept override;

    // A call that is to come. It does not when this is destroyed before: time then passes as if it had never
    // been set.
    class Timer;
    [[nodiscard]] Timer call_after(Duration span, std::function<void()> call);

    enum class Ran : std::uint8_t {
        stopped,  // stop() was called
        idle,     // nothing is left that could ever happen
        late,     // `until` has passed
    };
    // Runs what is ready, then whatever is due next, and so on.
    Ran run(Duration until);
    void stop() noexcept { stopped_ = true; }

private:
    friend class TimeService;
    struct Calls;

    boost::asio::io_context* context_;  // null once it is gone
    Instant const start_;
    bool stopped_ = false;
    std::shared_ptr<Calls> const calls_;
};

class VirtualTime::Timer {
public:
    Timer() = default;
    Timer(Timer&& other) noexcept = default;
    Timer& operator=(Timer&& other) noexcept;
    ~Timer() { cancel(); }

private:
    friend class VirtualTime;
    using Key = std::pair<Duration, std::uint64_t>;  // equal times ring in the order of setting

    void cancel() noexcept;

    std::weak_ptr<Calls> calls_;
    Key key_{};
};

// The virtual clock of the executor's context; null in a real program.
VirtualTime* virtual_time(boost::asio::any_io_executor const& executor);

}  // namespace cohort::io
