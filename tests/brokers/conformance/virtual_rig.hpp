// SPDX-License-Identifier: MIT
// For a broker that lives in this process and waits on the caller's loop: all time is virtual.
#pragma once

#include "brokers/conformance/rig.hpp"
#include "io/virtual_time.hpp"

namespace cohort::conformance {

class VirtualRig : public Rig {
public:
    VirtualRig() { clock_.emplace(context_); }
    ~VirtualRig() override { drop_broker(); }

    void advance(Duration span) override {
        bool is_over = false;
        auto const timer = clock_->call_after(span, [this, &is_over] {
            is_over = true;
            clock_->stop();
        });
        while (!is_over)
            clock_->run(Duration::max());
        poll();
    }

    void drive_until(std::function<bool()> const& is_so) override {
        Duration const until = clock_->steady() + 24h;
        while (!is_so()) {
            auto const ran = clock_->run(until);
            if (ran == io::VirtualTime::Ran::idle)
                FAIL("the operation never ends: nothing is left that could happen");
            if (ran == io::VirtualTime::Ran::late) FAIL("the operation has not ended after a day");
        }
    }

    void poll() override {
        while (clock_->run(clock_->steady()) == io::VirtualTime::Ran::stopped) {
        }
    }

    boost::asio::io_context& context() override { return context_; }
    bool is_exact() const override { return true; }
    Clock const& clock() const noexcept override { return *clock_; }

protected:
    void wake_up() override { clock_->stop(); }

private:
    std::optional<io::VirtualTime> clock_;
    boost::asio::io_context context_;  // destroyed first: what it destroys may still look at the clock
};

}  // namespace cohort::conformance
