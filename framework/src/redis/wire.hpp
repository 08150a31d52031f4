// SPDX-License-Identifier: MIT
// A stream to a server, encrypted where that was asked for.
#pragma once

#include "io/stream.hpp"
#include "redis/config.hpp"

namespace cohort::redis {

// As io::Stream, on one executor. What it throws besides says what is wrong with certificates:
// Error(tls_failed).
class Wire {
public:
    Wire(boost::asio::any_io_executor executor, Config const& config);
    ~Wire();

    awaitable<void> connect(io::Address address, Duration patience);
    awaitable<std::string_view> read();
    // One at a time. `done` may be called from within when it fails.
    void write(std::string bytes, std::function<void(std::exception_ptr)> done);

    bool is_open() const noexcept { return stream_->is_open(); }
    void close() noexcept { stream_->close(); }

private:
    struct State;

    Config const& config_;
    std::shared_ptr<io::Stream> const stream_;
    std::shared_ptr<State> state_;  // of the present connection, with TLS
};

}  // namespace cohort::redis
