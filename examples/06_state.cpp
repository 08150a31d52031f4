// SPDX-License-Identifier: MIT
// A worker with something that its jobs share, made at start-up; and a decorator around all of them.
#include <cohort/cohort.hpp>

#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

// What a real program would open here is a database or a model.
struct Stock {
    std::mutex mutex;
    std::map<std::string, int> items{{"bolts", 100}, {"nuts", 40}};
};

int take(cohort::Context& context, std::string const& item, int count) {
    auto& stock = context.get<Stock>();
    std::lock_guard lock{stock.mutex};
    auto const found = stock.items.find(item);
    if (found == stock.items.end()) throw cohort::Discard{"there are no " + item};
    return found->second -= count;
}
COHORT_JOB(take);

// Five lines around every body: it sees the job, may act before and after, and may replace the result.
cohort::awaitable<void> announced(cohort::Context& context, cohort::Next next) {
    std::cout << context.job().name << context.arguments() << " …\n";
    co_await next();
    std::cout << "… left: " << context.result() << "\n";
}

void stock_jobs(cohort::Catalog& catalog) {
    catalog.add<take>();
}

int main() {
    cohort::Worker worker{"sqlite:state.db"};
    worker.add(stock_jobs);  // an explicit list instead of COHORT_REGISTER
    worker.use(announced);
    worker.provide(std::make_shared<Stock>());
    cohort::BackgroundWorker running{worker};

    cohort::BlockingClient client{"sqlite:state.db"};
    client.call<take>("bolts", 30);
    client.call<take>("bolts", 5);
}
