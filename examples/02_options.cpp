// SPDX-License-Identifier: MIT
// Options: beside the function for every call of it, and beside a call for that one.
#include <cohort/cohort.hpp>

#include <boost/describe.hpp>

#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

namespace shop {

struct Order {
    std::string sku;
    int quantity = 0;
    std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(Order, (), (sku, quantity, note))

// Arguments travel by name, a run takes at most 30 s, and a failed one is tried again up to five times.
double price(Order const& order, std::string const& currency = "EUR") {
    double const each = currency == "USD" ? 11.0 : 10.0;
    return order.quantity * each;
}
COHORT_JOB(price, .params = "order, currency", .queue = "orders", .timeout = 30s, .max_retries = 5);

}  // namespace shop

COHORT_REGISTER(shop::price);

cohort::awaitable<void> ask() {
    cohort::Client client{"sqlite:options.db"};
    shop::Order const order{.sku = "B-17", .quantity = 3, .note = {}};

    auto plain = co_await client.enqueue_job<shop::price>(order);
    auto urgent = co_await client.enqueue_job<shop::price>({.priority = 7, .unique = "B-17"}, order, "USD");
    auto later = co_await client.enqueue_job<shop::price>({.delay = 300ms, .expires = 1min}, order);

    double const first = co_await plain.result(5s);
    double const second = co_await urgent.result(5s);
    double const third = co_await later.result(5s);
    std::cout << first << " EUR, " << second << " USD, and later " << third << " EUR\n";

    auto const record = co_await later.status();
    std::cout << "the last one waited " << cohort::to_string(*record->started - record->created) << "\n";
}

int main() {
    cohort::Worker worker{"sqlite:options.db", {.queues = {"orders"}}};
    cohort::BackgroundWorker running{worker};
    cohort::run(ask());
}
