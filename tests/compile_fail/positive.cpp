// SPDX-License-Identifier: MIT
// expect: no error
#include <cohort/register.hpp>

#include <boost/describe/class.hpp>

namespace shop {
struct Order {
    std::string sku;
    int quantity = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (sku, quantity))

cohort::awaitable<double> price(cohort::Context& context, Order const& order, std::string currency = "EUR");
COHORT_JOB(price, .name = "shop.price", .params = "order, currency", .queue = "orders", .timeout = 30s);
}  // namespace shop

void call(std::string& out) {
    shop::Order const order{"tea", 2};
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::price>>(out, order, "USD");
}

COHORT_REGISTER(shop::price, cohort::logged(), cohort::retry_on<std::runtime_error>(10s));
