// SPDX-License-Identifier: MIT
// Waiting until somebody else's descriptor can be read.
#pragma once

#include "io/wake.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <memory>

namespace cohort::io {

// Several of these may look at one descriptor, also from one executor. Use each on its executor only. A hint:
// where the process has no descriptors left it wakes nobody.
class Readable {
public:
    // Wakes `whom`. -1 is never readable.
    Readable(boost::asio::any_io_executor const& executor, int fd, std::shared_ptr<Wake> whom);
    Readable(Readable const&) = delete;
    Readable& operator=(Readable const&) = delete;

    // Once, as soon as there is something to be read, also if it is there already.
    void arm();

private:
    struct State {
        std::shared_ptr<Wake> whom;
        std::atomic<bool> is_armed = false;
    };

    std::shared_ptr<State> const state_;
    boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace cohort::io
