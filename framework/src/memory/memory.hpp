// SPDX-License-Identifier: MIT
// The broker that lives in this process: for tests, and for programs that want background jobs without
// durability.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/url.hpp>

namespace cohort::memory {

// `memory:` gives a broker of its own; `memory:name` the same one to everybody in the process who names it,
// for as long as somebody holds it. Throws Error(errc::invalid_url).
std::shared_ptr<Broker> open(Url const& url, Clock const& clock = system_clock());

}  // namespace cohort::memory
