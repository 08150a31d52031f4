// SPDX-License-Identifier: MIT
// TLS to a real server.
#include "rabbitmq/server.hpp"

namespace tls_test {

using namespace rabbitmq_test;

// Certificates are made by the openssl command.
#define NEED_RABBITMQ_TLS                                                                                    \
    NEED_RABBITMQ                                                                                            \
    if (support::rabbitmq_tls().url.empty()) {                                                               \
        std::cout << "SKIPPED: the rabbitmq-server of the tests has no certificate\n";                       \
        return;                                                                                              \
    }

namespace {

Error fault_of(std::string const& url) {
    try {
        auto const broker = rabbitmq::open(parse_url(url));
        run(broker->push(one("j1")));
    } catch (Error const& error) {
        return error;
    }
    return Error{errc::ok, ""};
}

bool has(Error const& error, std::string_view text) {
    return std::string_view{error.what()}.find(text) != std::string_view::npos;
}

}  // namespace

TEST_CASE("jobs go over TLS to a RabbitMQ server whose certificate is verified", "[rabbitmq][tls]") {
    NEED_RABBITMQ_TLS
    auto const tls = support::rabbitmq_tls();
    Space const space;
    auto const broker = rabbitmq::open(parse_url(tls.url + "?ca=" + tls.ca + "&namespace=" + space.name));
    push(*broker, "j1");
    Worker worker{*broker};
    CHECK(worker.settle(worker.claim().jobs.at(0)) == Verdict::accepted);
    CHECK(watch(*broker).at(0).ref.id == "j1");
}

TEST_CASE("a RabbitMQ server that cannot be trusted, or speaks no TLS, is told as such, with the cure",
          "[rabbitmq][tls]") {
    NEED_RABBITMQ_TLS
    auto const tls = support::rabbitmq_tls();
    Error const unknown = fault_of(tls.url);
    CHECK(unknown.which() == errc::tls_failed);
    CHECK(has(unknown, "ca=FILE"));
    Error const other = fault_of(tls.url + "?server_name=example.org&ca=" + tls.ca);
    CHECK(other.which() == errc::tls_failed);
    CHECK(has(other, "server_name=NAME"));
    Error const plain = fault_of("amqps" + support::rabbitmq_url().substr(4) + "?ca=" + tls.ca);
    CHECK(plain.which() == errc::tls_failed);
    CHECK(has(plain, "use amqp: instead of amqps:, or the port of its listeners.ssl"));
}

TEST_CASE("a URL without TLS has no parameters for it", "[rabbitmq][tls]") {
    auto const error = fault_of("amqp://localhost?ca=/nowhere");
    CHECK(error.which() == errc::invalid_url);
    CHECK(has(error, "ca is for TLS: write amqps:, not amqp:"));
}

}  // namespace tls_test
