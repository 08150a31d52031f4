// SPDX-License-Identifier: MIT
// Exceptions that cross threads.
#pragma once

#include <exception>

namespace cohort::io {

// An exception of its own for who waits on another thread: whoever threw it may keep it, as the reason of an
// outage, and lets go of it when he likes. Error and Asio's errors are copied; of other types, derived ones
// too, it is the same exception.
std::exception_ptr copy_of(std::exception_ptr const& error);

}  // namespace cohort::io
