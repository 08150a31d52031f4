// SPDX-License-Identifier: MIT
// From a URL to a broker.
#pragma once

#include <cohort/broker.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace cohort {

// Opens the broker that a URL names:
//
//   sqlite:path.db            a file that the processes of one machine share; made when absent (the default
//   broker)
//     ?durability=full        every answer is on disk (default); normal: the last ones may be lost with the
//     power ?namespace=name         several applications in one file share nothing
//   memory:                   in this process, for this caller alone
//   memory:name               in this process, the same for all who name it
//
// Throws Error: invalid_url, storage_…, and not_supported for a scheme whose component this program was built
// without.
std::shared_ptr<Broker> open_broker(std::string_view url);

// The same for who wants a yes or a no: null when it cannot be opened, and then why in `trouble`, if given.
std::shared_ptr<Broker> try_open_broker(std::string_view url, std::string* trouble = nullptr) noexcept;

// The schemes that this program can open: {"memory", "sqlite"}.
std::vector<std::string_view> open_schemes();

// COHORT_BROKER from the environment, else "sqlite:cohort.db": what programs use when nobody says otherwise.
std::string default_broker_url();

}  // namespace cohort
