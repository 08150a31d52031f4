// SPDX-License-Identifier: MIT
#include "io/look_out.hpp"

#include "io/home.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <utility>

namespace cohort::io {

namespace asio = boost::asio;

namespace {

// Held by nothing but its own pending wait: it ends with it.
struct LookOut : std::enable_shared_from_this<LookOut> {
    LookOut(asio::io_context& context, std::function<bool()> its_look)
        : descriptor{context}, look{std::move(its_look)} {}
    ~LookOut() {
        if (gone) gone();
    }
    LookOut(LookOut const&) = delete;
    LookOut& operator=(LookOut const&) = delete;

    void arm() {
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                              [self = shared_from_this()](boost::system::error_code error) {
                                  if (!error && self->look()) self->arm();
                              });
    }

    asio::posix::stream_descriptor descriptor;
    std::function<bool()> const look;
    std::function<void()> gone;
};

}  // namespace

bool look_out(int fd, std::function<bool()> look, std::function<void()> gone) {
    auto const home = Home::here();
    // A copy: one loop takes each descriptor once.
    int const copy = home ? ::fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (copy < 0) return false;
    auto const made = std::make_shared<LookOut>(home->loop(), std::move(look));
    boost::system::error_code fault;
    made->descriptor.assign(copy, fault);
    if (fault) {
        ::close(copy);
        return false;
    }
    made->gone = std::move(gone);
    made->arm();
    return true;
}

}  // namespace cohort::io
