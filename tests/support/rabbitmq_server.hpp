// SPDX-License-Identifier: MIT
// The rabbitmq-server of the run: ctest starts it for the cases tagged [rabbitmq], and ends it behind them.
#pragma once

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

}  // namespace support
