// SPDX-License-Identifier: MIT
// Verbs that a broker need not have.
#include <cohort/broker.hpp>

namespace cohort {

awaitable<std::vector<bool>> Broker::forget(std::vector<JobRef>) {
    throw Error{errc::not_supported,
                std::string{name()} + " cannot forget single jobs; give them a short .keep_result instead"};
    co_return std::vector<bool>{};
}

}  // namespace cohort
