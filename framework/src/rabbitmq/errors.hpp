// SPDX-License-Identifier: MIT
// The one table from the server's reply codes to our errors.
#pragma once

#include <cohort/error.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace cohort::rabbitmq {

inline constexpr std::uint16_t code_no_route = 312;
inline constexpr std::uint16_t code_not_found = 404;
inline constexpr std::uint16_t code_locked = 405;

errc classify(std::uint16_t code) noexcept;
// For people: where, what it means, and what the server said.
Error make_error(std::uint16_t code, std::string_view text, std::string_view server);
// Why a connection has ended, without the code's name and the place in the source.
std::string describe(std::exception_ptr const& reason);
// The same behind the server's name, which it does not repeat.
std::string describe(std::exception_ptr const& reason, std::string_view server);
errc code_of(std::exception_ptr const& reason) noexcept;

}  // namespace cohort::rabbitmq
