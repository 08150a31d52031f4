// SPDX-License-Identifier: MIT
// What the log says of a server that is away: one line and not a flood.
#pragma once

#include <cohort/error.hpp>

#include <utility>

namespace cohort::io {

// Of one connection. Not thread-safe.
class Outage {
public:
    bool is_on() const noexcept { return told_ != errc::ok; }

    // A connection was lost, or not made, for this reason. True = the log should say so: it is the first one,
    // or a reason of another kind than the last that was told. That a server is not there says nothing new:
    // it may well be on its way back from what was told before.
    bool is_news(errc reason) noexcept {
        if (is_on() && (reason == errc::unavailable || reason == told_)) return false;
        told_ = reason;
        return true;
    }

    // There is a connection. True = there was none before.
    bool end() noexcept { return std::exchange(told_, errc::ok) != errc::ok; }

private:
    errc told_ = errc::ok;  // the last reason
};

}  // namespace cohort::io
