// SPDX-License-Identifier: MIT
// The default broker: an SQLite file that any number of processes of one machine share.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/url.hpp>

namespace cohort::sqlite {

// sqlite:path.db[?durability=full|normal&namespace=name]. Creates the file (0600) and its schema when absent.
// Throws Error: invalid_url, storage_open, storage_unsupported_fs, storage_corrupt, not_a_queue,
// schema_newer.
std::shared_ptr<Broker> open(Url const& url, Clock const& clock = system_clock());

}  // namespace cohort::sqlite
