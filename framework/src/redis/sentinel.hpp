// SPDX-License-Identifier: MIT
// Asking sentinels which server is the master now.
#pragma once

#include "redis/connection.hpp"

namespace cohort::redis {

// Asks one after the other, beginning with the one that knew last time.
Locate locate_master(boost::asio::any_io_executor executor, Config const& config);

}  // namespace cohort::redis
