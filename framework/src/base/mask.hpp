// SPDX-License-Identifier: MIT
// Hides passwords in the text of an address, also when the address is faulty.
#pragma once

#include <string>
#include <string_view>

namespace cohort {

// Replaces by *** whatever may be a password: all between the first ":" behind the scheme and the last "@";
// without an
// "@", all behind a ":" that is not followed by a port; and the values of parameters that are named like
// secrets. Rather hides too much than too little.
std::string mask_text(std::string_view text);

// The same for a text with addresses in it, such as the message of an exception.
std::string mask_addresses(std::string_view text);

// "password", "token" and the like: a parameter whose value is not to be shown.
bool is_secret_name(std::string_view name) noexcept;

// At most five digits, also above 65535.
bool looks_like_port(std::string_view text) noexcept;

}  // namespace cohort
