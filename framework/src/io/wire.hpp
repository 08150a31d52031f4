// SPDX-License-Identifier: MIT
// A stream to a server, encrypted where that was asked for.
#pragma once

#include "io/stream.hpp"
#include "io/tls.hpp"

namespace cohort::io {

// As Stream, on one executor. What it throws besides says what is wrong with certificates:
// Error(tls_failed).
class Wire {
public:
    // The options must outlive it. `masked`: the URL, for people.
    Wire(boost::asio::any_io_executor executor, TlsOptions const& options, std::string masked);
    ~Wire();

    awaitable<void> connect(Address address, Patience patience);
    awaitable<std::string_view> read();
    // One at a time. `done` may be called from within when it fails.
    void write(std::string bytes, std::function<void(std::exception_ptr)> done);

    // As a Stream's; not with TLS.
    std::size_t write_now(std::string_view bytes) noexcept { return stream_->write_now(bytes); }
    void lay_down() { stream_->lay_down(); }
    void take_up() { stream_->take_up(); }
    std::optional<std::string_view> read_now() noexcept { return stream_->read_now(); }
    int native() const noexcept { return stream_->native(); }

    bool is_open() const noexcept { return stream_->is_open(); }
    void close() noexcept { stream_->close(); }

private:
    struct State;

    TlsOptions const& options_;
    std::string const masked_;
    std::shared_ptr<Stream> const stream_;
    std::shared_ptr<State> state_;  // of the present connection, with TLS
};

}  // namespace cohort::io
