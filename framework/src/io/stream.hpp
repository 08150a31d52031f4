// SPDX-License-Identifier: MIT
// A stream of bytes to a server: over TCP, or over a socket file.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/time.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::io {

struct Address {
    std::string host;  // "" = a socket file
    std::uint16_t port = 0;
    std::string path;  // of the socket file
};

// For how long a stream waits for the other side.
struct Patience {
    Duration connect;         // with all addresses of a name together: each has its share
    Duration unacked;         // until sent bytes are acknowledged
    Duration keepalive = 0s;  // then the system asks whether it is there; 0s = when the system likes
};

// On one executor, which must be one thread's. Everything that is under way ends with an error when the
// stream is closed; it can then connect again.
class Stream {
public:
    explicit Stream(boost::asio::any_io_executor executor);
    ~Stream();
    Stream(Stream const&) = delete;
    Stream& operator=(Stream const&) = delete;

    // The name is looked up each time: after a failover it may mean another machine. Its addresses are tried
    // one after the other. Throws boost::system::system_error, also when it is closed or cancelled (terminal)
    // meanwhile, or Error(timed_out).
    awaitable<void> connect(Address address, Patience patience);
    // Waits for some bytes. Throws boost::system::system_error; at the end of the stream with asio's eof.
    awaitable<std::string_view> read();
    // One at a time. `done` is called with the outcome, on the executor and never from within.
    void write(std::string bytes, std::function<void(std::exception_ptr)> done);
    // What the system takes without waiting: so many of the bytes, 0 also where the stream is broken, which
    // the next write() will tell. From any thread, but only while no write is under way, and none connects or
    // closes.
    std::size_t write_now(std::string_view bytes) noexcept;
    // The executor's loop lets go of the stream: it does not see what comes, and neither reads nor writes,
    // until it takes it up again. Only while nothing is under way. Throws boost::system::system_error.
    void lay_down();
    void take_up();
    // Of a stream that is laid down, from any thread: what there is, "" also when there is nothing; nullopt
    // where the stream has ended. Valid until the next one.
    std::optional<std::string_view> read_now() noexcept;
    // The descriptor.
    int native() const noexcept;

    bool is_open() const noexcept;
    void close() noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cohort::io
