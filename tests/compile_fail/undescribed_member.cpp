// SPDX-License-Identifier: MIT
// expect: describe it with BOOST_DESCRIBE_STRUCT
#include <cohort/job.hpp>

namespace shop {
struct Item {
    int quantity;
};
int job(std::vector<Item> items);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out, std::vector<shop::Item> const& items) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, items);
}
