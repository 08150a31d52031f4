// SPDX-License-Identifier: MIT
// expect: a const member cannot be read
#include <cohort/codec.hpp>

#include <boost/describe/class.hpp>

struct Order {
    int const quantity = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (quantity))

auto call() {
    return cohort::decode<Order>("{}");
}
