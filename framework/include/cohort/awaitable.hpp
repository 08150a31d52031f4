// SPDX-License-Identifier: MIT
// The coroutine type of Cohort: Asio's own, so that jobs and programs can await whatever Asio offers.
#pragma once

#include <cohort/awaitable_fwd.hpp>

#include <boost/asio/awaitable.hpp>
