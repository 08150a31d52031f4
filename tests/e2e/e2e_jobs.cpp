// SPDX-License-Identifier: MIT
#include "e2e/e2e_jobs.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>
#include <cohort/sqlite.hpp>

#include <sqlite3.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace e2e {

cohort::awaitable<int> twice(int n, int millis) {
    auto const span = std::chrono::milliseconds{millis};
    if (millis > 0) co_await cohort::sleep_for(span);
    co_return 2 * n;
}

// The body of a job that blocks: sleeping is what it is for.
int twice_plain(int n, int millis) {
    std::this_thread::sleep_for(std::chrono::milliseconds{millis});
    return 2 * n;
}

Parcel pack(Parcel parcel, int count) {
    parcel.weight *= count;
    parcel.tags.push_back("packed");
    parcel.size = Size::small;
    return parcel;
}

cohort::awaitable<int> book(cohort::Context& context, int n, int refusals) {
    bool const refuses = static_cast<int>(context.attempt()) <= refusals;
    auto const write = [n, refuses](sqlite3* database) {
        std::string const sql = "INSERT INTO bookings (n) VALUES (" + std::to_string(n) + ")";
        if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error{sqlite3_errmsg(database)};
        if (refuses) throw std::runtime_error{"not this time"};
    };
    cohort::sqlite::on_commit(context, write);
    co_return n;
}

void kill_worker() {
    kill(getpid(), SIGKILL);
}

std::string where(cohort::Context& context) {
    return std::to_string(getpid()) + "/" + std::to_string(context.attempt());
}

}  // namespace e2e

COHORT_REGISTER(e2e::pack);
COHORT_REGISTER(e2e::twice);
COHORT_REGISTER(e2e::twice_plain);
COHORT_REGISTER(e2e::kill_worker);
COHORT_REGISTER(e2e::book);
COHORT_REGISTER(e2e::where);
