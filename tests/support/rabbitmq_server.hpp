// SPDX-License-Identifier: MIT
// The rabbitmq-server of the run: ctest starts it for the cases tagged [rabbitmq], and ends it behind them.
#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <string>

namespace support {

// "amqp://user:password@host:port", or "" where there is none: then such tests are skipped, aloud. By hand:
// tests/support/rabbitmq_server.py start build/dev/rabbitmq
std::string rabbitmq_url();

// The same server with TLS, "amqps://…", and the file with the certificate of its authority.
struct RabbitTls {
    std::string url;
    std::string ca;
};
RabbitTls rabbitmq_tls();

// What rabbitmqctl says to these words, output and errors.
std::string rabbitmqctl(std::string const& words);

// One of a case's own, for what the others must not notice. It takes ten seconds to start.
class RabbitServer {
public:
    // Throws std::runtime_error where there is none to start.
    RabbitServer();
    // One more node of the cluster of this one, before which it must end.
    explicit RabbitServer(RabbitServer const* first);
    ~RabbitServer();
    RabbitServer(RabbitServer const&) = delete;
    RabbitServer& operator=(RabbitServer const&) = delete;

    std::string url() const;
    std::uint16_t port() const;
    // kill -9; its queues stay on the disk. revive() waits until it answers.
    void kill();
    void revive();
    // It stands still, with all connections open, and goes on.
    void freeze();
    void thaw();
    // Nothing is left on the disk; only while it is dead.
    void empty();
    std::string ctl(std::string const& words) const;

private:
    std::string ask(std::string const& verb, std::string const& words = {}) const;

    TempDir directory_;
    std::string folder_ = directory_.file("rabbit");
};

}  // namespace support
