// SPDX-License-Identifier: MIT
// Encryption between a stream's bytes and ours, without any I/O: OpenSSL between two buffers.
#pragma once

#include <cohort/url.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace cohort::io {

// What a kind of server calls things, for errors that say what to do.
struct TlsWords {
    std::string_view plain;   // the scheme without TLS: "redis:"
    std::string_view secure;  // and with it
    std::string_view port;    // the server's setting: its port for TLS
    std::string_view ca;      // and whose certificates it accepts
};

struct TlsOptions {
    bool is_on = false;
    std::string ca;    // a file of certificates, or a directory of them; "" = those the system trusts
    std::string cert;  // a file: our certificate, and what it takes to be believed
    std::string key;   // a file; "" = it is in that of the certificate
    std::string name;  // whose certificate is expected; "" = the host that was asked for
    TlsWords words;
};

// What ca, cert, key and server_name in the URL say; TLS is on. Throws Error(invalid_url), also when a file
// cannot be used.
TlsOptions read_tls(Url const& url, TlsWords const& words);
// Of a URL without TLS: it has none of them. Throws Error(invalid_url).
void expect_no_tls(Url const& url, TlsWords const& words);

// One connection's. The server's certificate is always verified. Throws Error(tls_failed) that says the fix;
// it is of no use any more then.
class Tls {
public:
    // The files are read each time: one that was renewed counts from the next connection on.
    Tls(TlsOptions const& options, std::string const& host, std::string const& masked);
    ~Tls();
    Tls(Tls&&) noexcept = default;
    Tls& operator=(Tls&&) noexcept = default;

    // Bytes from the stream; "" begins. Gives what they say.
    std::string feed(std::string_view bytes);
    // What is to be said to the server, from now on: once is_ready().
    void say(std::string_view text);
    // Bytes for the stream; "" = none.
    std::string take_output();
    // The handshake is over.
    bool is_ready() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cohort::io
