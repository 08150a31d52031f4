// SPDX-License-Identifier: MIT
#include "io/tls.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <arpa/inet.h>
#include <array>
#include <filesystem>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace cohort::io {
namespace {

template<auto free>
struct Free {
    void operator()(auto* thing) const noexcept { free(thing); }
};
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Connected = std::unique_ptr<SSL, Free<SSL_free>>;

// The oldest one of this thread's: the cause. All are taken.
unsigned long take_error() {
    auto const first = ERR_get_error();
    ERR_clear_error();
    return first;
}

std::string text_of(unsigned long error) {
    char const* const reason = ERR_reason_error_string(error);
    return reason == nullptr ? "error " + std::to_string(error) : reason;
}

// A key behind a passphrase must not make OpenSSL ask for it on the terminal.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

[[noreturn]] void refuse_file(std::string const& option, std::string const& path, std::string const& masked) {
    std::error_code ignored;
    bool const is_there = std::filesystem::exists(path, ignored);
    throw Error{errc::invalid_url,
                option + "=" + path + ": " + (is_there ? text_of(take_error()) : "there is no such file") +
                    "; a file in PEM form is expected, without a passphrase; in " + masked};
}

void load_ca(SSL_CTX* context, TlsOptions const& options, std::string const& masked) {
    if (options.ca.empty()) {
        SSL_CTX_set_default_verify_paths(context);
        return;
    }
    std::error_code ignored;
    bool const is_directory = std::filesystem::is_directory(options.ca, ignored);
    char const* const file = is_directory ? nullptr : options.ca.c_str();
    char const* const directory = is_directory ? options.ca.c_str() : nullptr;
    if (SSL_CTX_load_verify_locations(context, file, directory) != 1) refuse_file("ca", options.ca, masked);
}

Context make_context(TlsOptions const& options, std::string const& masked) {
    ERR_clear_error();
    Context context{SSL_CTX_new(TLS_client_method())};
    if (!context) throw std::bad_alloc{};
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    load_ca(context.get(), options, masked);
    if (options.cert.empty()) return context;
    auto const& key = options.key.empty() ? options.cert : options.key;
    if (SSL_CTX_use_certificate_chain_file(context.get(), options.cert.c_str()) != 1)
        refuse_file("cert", options.cert, masked);
    if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        refuse_file("key", key, masked);
    return context;
}

bool is_address(std::string const& name) {
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    return ::inet_pton(AF_INET, name.c_str(), ignored.data()) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), ignored.data()) == 1;
}

std::string advice_on_certificate(long verdict, std::string const& name) {
    switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "it is not for " + name +
               "; ask for the name that it is for, or say that with server_name=NAME";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "renew it, or set the clock of this machine";
    default:
        return "if an authority of your own has signed it, name that one's certificate with ca=FILE";
    }
}

}  // namespace

struct Tls::State {
    std::string masked;
    std::string name;
    TlsWords words;
    Context context;
    Connected ssl;
    BIO* in = nullptr;  // both belong to ssl
    BIO* out = nullptr;

    [[noreturn]] void fail(std::string const& what) const {
        throw Error{errc::tls_failed, masked + ": " + one_line(what)};
    }
    [[noreturn]] void fail() const;
    bool is_fatal(int result) const;
};

bool Tls::State::is_fatal(int result) const {
    int const code = SSL_get_error(ssl.get(), result);
    return code == SSL_ERROR_SSL || code == SSL_ERROR_SYSCALL;
}

void Tls::State::fail() const {
    auto const error = take_error();
    auto const verdict = SSL_get_verify_result(ssl.get());
    if (verdict != X509_V_OK) {
        fail("the server's certificate is not accepted (" +
             std::string{X509_verify_cert_error_string(verdict)} +
             "): " + advice_on_certificate(verdict, name));
    }
    switch (ERR_GET_REASON(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_HTTP_REQUEST:
        fail("the server does not speak TLS on this port (" + text_of(error) + "); use " +
             std::string{words.plain} + " instead of " + std::string{words.secure} + ", or the port of its " +
             std::string{words.port});
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        fail("the server wants a certificate of ours (" + text_of(error) +
             "); name it with cert=FILE and key=FILE");
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        fail("the server does not accept our certificate (" + text_of(error) +
             "); cert=FILE must hold one that its " + std::string{words.ca} + " has signed");
    default:
        fail("TLS failed: " + text_of(error));
    }
}

TlsOptions read_tls(Url const& url, TlsWords const& words) {
    TlsOptions options;
    options.is_on = true;
    options.words = words;
    options.ca = url.text("ca").value_or("");
    options.cert = url.text("cert").value_or("");
    options.key = url.text("key").value_or("");
    options.name = url.text("server_name").value_or("");
    std::string const masked = url.masked();
    if (options.cert.empty() && !options.key.empty())
        throw Error{errc::invalid_url, "a key without a certificate: cert=FILE is missing, in " + masked};
    make_context(options, masked);
    return options;
}

void expect_no_tls(Url const& url, TlsWords const& words) {
    for (char const* name : {"ca", "cert", "key", "server_name"}) {
        if (!url.text(name)) continue;
        throw Error{errc::invalid_url, std::string{name} + " is for TLS: write " + std::string{words.secure} +
                                           ", not " + std::string{words.plain} + ", in " + url.masked()};
    }
}

Tls::Tls(TlsOptions const& options, std::string const& host, std::string const& masked)
    : state_{std::make_unique<State>()} {
    State& state = *state_;
    state.masked = masked;
    state.name = options.name.empty() ? host : options.name;
    state.words = options.words;
    state.context = make_context(options, masked);
    state.ssl.reset(SSL_new(state.context.get()));
    state.in = BIO_new(BIO_s_mem());
    state.out = BIO_new(BIO_s_mem());
    if (!state.ssl || state.in == nullptr || state.out == nullptr) throw std::bad_alloc{};
    SSL_set_bio(state.ssl.get(), state.in, state.out);
    SSL_set_connect_state(state.ssl.get());
    if (is_address(state.name)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(state.ssl.get()), state.name.c_str());
    } else {
        SSL_set_tlsext_host_name(state.ssl.get(), state.name.c_str());
        SSL_set1_host(state.ssl.get(), state.name.c_str());
    }
}

Tls::~Tls() = default;

std::string Tls::feed(std::string_view bytes) {
    State& state = *state_;
    if (!bytes.empty() && BIO_write(state.in, bytes.data(), static_cast<int>(bytes.size())) <= 0)
        throw std::bad_alloc{};
    ERR_clear_error();
    if (!is_ready()) {
        int const result = SSL_do_handshake(state.ssl.get());
        if (result != 1 && state.is_fatal(result)) state.fail();
        if (result != 1) return {};
    }
    std::string plain;
    std::array<char, 16 * 1024> part;  // what one record holds
    for (;;) {
        int const size = SSL_read(state.ssl.get(), part.data(), static_cast<int>(part.size()));
        if (size > 0) {
            plain.append(part.data(), static_cast<std::size_t>(size));
            continue;
        }
        // What came before the end counts; the end itself is the stream's to tell.
        if (state.is_fatal(size) && plain.empty()) state.fail();
        return plain;
    }
}

void Tls::say(std::string_view text) {
    if (text.empty()) return;
    ERR_clear_error();
    // Memory takes everything at once.
    int const size = SSL_write(state_->ssl.get(), text.data(), static_cast<int>(text.size()));
    if (size <= 0) state_->fail();
}

std::string Tls::take_output() {
    std::string bytes(BIO_ctrl_pending(state_->out), '\0');
    if (!bytes.empty()) BIO_read(state_->out, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
}

bool Tls::is_ready() const noexcept {
    return SSL_is_init_finished(state_->ssl.get()) == 1;
}

}  // namespace cohort::io
