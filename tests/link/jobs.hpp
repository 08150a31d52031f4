// SPDX-License-Identifier: MIT
// Jobs of every kind whose bodies are nowhere.
#pragma once

#include <cohort/job.hpp>

#include <boost/describe/class.hpp>

#include <string>
#include <vector>

namespace absent {

struct Order {
    std::string sku;
    int quantity = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (sku, quantity))

int add(int a, int b);
COHORT_JOB(add);
cohort::awaitable<Order> price(cohort::Context& context, Order const& order, std::string currency = "EUR");
COHORT_JOB(price, .params = "order, currency", .queue = "orders", .timeout = 30s);
void quick() noexcept;
COHORT_JOB(quick, .quick = true);

int resize(int percent);
int resize(int w, int h);
COHORT_JOB_AS(resize_px, cohort::overload<int(int, int)>(resize), .params = "w, h");
template<class T>
T scale(T x);
COHORT_JOB_AS(scale_double, &scale<double>);

}  // namespace absent
