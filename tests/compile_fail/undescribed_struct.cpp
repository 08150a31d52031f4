// SPDX-License-Identifier: MIT
// expect: describe it with BOOST_DESCRIBE_STRUCT
#include <cohort/job.hpp>

namespace shop {
struct Order {
    int quantity;
};
int job(Order const& order);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out, shop::Order const& order) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, order);
}
