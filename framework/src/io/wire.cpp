// SPDX-License-Identifier: MIT
#include "io/wire.hpp"

namespace cohort::io {

struct Wire::State : std::enable_shared_from_this<State> {
    State(std::shared_ptr<Stream> its_stream, TlsOptions const& options, std::string const& host,
          std::string const& masked)
        : stream{std::move(its_stream)}, tls{options, host, masked} {}

    void take(std::string_view bytes) {
        plain += tls.feed(bytes);
        pump();
    }
    // TLS has things of its own to say, also while it reads.
    void pump() {
        if (is_writing) return;
        std::string bytes = tls.take_output();
        if (bytes.empty()) return;
        is_writing = true;
        auto written = [self = shared_from_this(),
                        done = std::exchange(waiting, {})](std::exception_ptr error) {
            self->is_writing = false;
            bool const is_good = !error;
            if (done) done(std::move(error));
            if (is_good) self->pump();
        };
        stream->write(std::move(bytes), std::move(written));
    }

    std::shared_ptr<Stream> stream;
    Tls tls;
    std::string plain;  // read, and not yet given
    std::string given;
    bool is_writing = false;
    std::function<void(std::exception_ptr)> waiting;  // for what was said since the write began
};

Wire::Wire(boost::asio::any_io_executor executor, TlsOptions const& options, std::string masked)
    : options_{options}, masked_{std::move(masked)}, stream_{std::make_shared<Stream>(std::move(executor))} {}

Wire::~Wire() {
    close();
}

awaitable<void> Wire::connect(Address address, Patience patience) {
    auto const stream = stream_;
    std::string const host = address.host;
    co_await stream->connect(std::move(address), patience);
    state_.reset();
    if (!options_.is_on) co_return;
    auto const state = std::make_shared<State>(stream, options_, host, masked_);
    state_ = state;
    state->take("");
    while (!state->tls.is_ready()) {
        std::string_view const bytes = co_await stream->read();
        state->take(bytes);
    }
}

awaitable<std::string_view> Wire::read() {
    auto const stream = stream_;
    auto const state = state_;
    if (!state) {
        std::string_view const bytes = co_await stream->read();
        co_return bytes;
    }
    while (state->plain.empty()) {
        std::string_view const bytes = co_await stream->read();
        state->take(bytes);
    }
    state->given = std::exchange(state->plain, {});
    co_return std::string_view{state->given};
}

void Wire::write(std::string bytes, std::function<void(std::exception_ptr)> done) {
    if (!state_) {
        stream_->write(std::move(bytes), std::move(done));
        return;
    }
    try {
        state_->tls.say(bytes);
    } catch (...) {
        done(std::current_exception());
        return;
    }
    state_->waiting = std::move(done);
    state_->pump();
}

}  // namespace cohort::io
