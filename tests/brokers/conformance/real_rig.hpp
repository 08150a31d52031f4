// SPDX-License-Identifier: MIT
// For a broker that waits in threads of its own: a real loop, and the machine's clock with an offset that can
// be moved.
#pragma once

#include "brokers/conformance/rig.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <chrono>

namespace cohort::conformance {

class OffsetClock : public Clock {
public:
    Instant now() const noexcept override { return (held_ ? held_at_ : system_clock().now()) + offset(); }
    Duration steady() const noexcept override {
        return (held_ ? held_steady_ : system_clock().steady()) + offset();
    }

    void move(Duration span) noexcept { offset_ += span.count(); }
    // Before other threads look at it.
    void hold() noexcept { held_ = true; }
    bool is_held() const noexcept { return held_; }

private:
    Duration offset() const noexcept { return Duration{offset_.load()}; }

    bool held_ = false;
    Instant const held_at_ = system_clock().now();
    Duration const held_steady_ = system_clock().steady();
    std::atomic<Duration::rep> offset_{0};
};

class RealRig : public Rig {
public:
    ~RealRig() override { drop_broker(); }

    void advance(Duration span) override {
        clock_.move(span);
        poll();
    }

    void drive_until(std::function<bool()> const& is_so) override {
        auto const deadline = std::chrono::steady_clock::now() + 20s;
        while (!is_so()) {
            context_.restart();
            context_.run_one_until(deadline);
            if (!is_so() && std::chrono::steady_clock::now() >= deadline)
                FAIL("the operation has not ended after 20 s");
        }
    }

    void poll() override {
        context_.restart();
        context_.poll();
    }

    boost::asio::io_context& context() override { return context_; }
    bool is_exact() const override { return clock_.is_held(); }
    void hold_time() override { clock_.hold(); }
    Clock const& clock() const noexcept override { return clock_; }

private:
    OffsetClock clock_;
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
};

}  // namespace cohort::conformance
