// SPDX-License-Identifier: MIT
// The one table from the server's errors to ours.
#pragma once

#include <cohort/error.hpp>
#include <cohort/url.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace cohort::redis {

enum class Reaction : std::uint8_t {
    tell,       // the caller is told; the connection is fine
    reconnect,  // this is the wrong server, or it is not ready
};

struct Fault {
    errc code;
    Reaction reaction;
};

// Of an error reply: by its first word, or what a script or a proxy has put before it.
Fault classify(std::string_view text) noexcept;
bool is_no_script(std::string_view text) noexcept;

// For people: where, and what the server said.
Error make_error(std::string_view text, std::string_view server);
// The code of what was thrown; unavailable where it has none.
errc code_of(std::exception_ptr const& reason);
// The text with *** for the secret, or for the beginning of a long one: a server may repeat what it was told,
// as it does of a command that it does not know.
std::string without(std::string_view text, Secret const& secret);
// Why a connection has ended, without the code's name and the place in the source.
std::string describe(std::exception_ptr const& reason);

}  // namespace cohort::redis
