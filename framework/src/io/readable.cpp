// SPDX-License-Identifier: MIT
#include "io/readable.hpp"

#include <fcntl.h>
#include <utility>

namespace cohort::io {

namespace asio = boost::asio;

Readable::Readable(asio::any_io_executor const& executor, int fd, std::shared_ptr<Wake> whom)
    : state_{std::make_shared<State>()}, descriptor_{executor} {
    state_->whom = std::move(whom);
    // A copy: one loop takes each descriptor once. Without it, for there are no more, nobody is woken.
    int const copy = fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) descriptor_.assign(copy);
}

void Readable::arm() {
    if (!descriptor_.is_open() || state_->is_armed.exchange(true)) return;
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [state = state_](boost::system::error_code error) {
                               state->is_armed = false;
                               if (!error) state->whom->wake();
                           });
}

}  // namespace cohort::io
