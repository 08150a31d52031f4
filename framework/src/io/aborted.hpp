// SPDX-License-Identifier: MIT
// Tells a cancellation from trouble.
#pragma once

#include <exception>

namespace cohort::io {

// True for Asio's operation_aborted, the way in which a cancelled operation ends.
bool is_aborted(std::exception_ptr const& error) noexcept;

}  // namespace cohort::io
