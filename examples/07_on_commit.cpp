// SPDX-License-Identifier: MIT
// A job that books money: what it writes to the queue's own file and its outcome are committed together, or
// not at all. However often its worker dies, the amount is booked once.
#include <cohort/cohort.hpp>
#include <cohort/sqlite.hpp>

#include <sqlite3.h>

#include <iostream>
#include <string>

// What the function throws fails the job, as if the body had thrown it.
void execute(sqlite3* database, std::string const& sql) {
    if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        throw std::runtime_error{sqlite3_errmsg(database)};
}

cohort::awaitable<int> book(cohort::Context& context, int amount) {
    // The long part belongs here. The function below is called when the body has returned, in the transaction
    // that stores its result: writers of all processes wait for it, 100 ms at most.
    cohort::sqlite::on_commit(context, [amount](sqlite3* database) {
        execute(database, "CREATE TABLE IF NOT EXISTS bookings (amount INTEGER NOT NULL)");
        execute(database, "INSERT INTO bookings VALUES (" + std::to_string(amount) + ")");
    });
    co_return amount;
}
COHORT_JOB(book, .max_retries = 3);
COHORT_REGISTER(book);

int main() {
    cohort::Worker worker{"sqlite:bookings.db"};
    cohort::BackgroundWorker running{worker};
    cohort::BlockingClient client{"sqlite:bookings.db"};
    for (int amount : {10, 20, 30})
        std::cout << "booked " << client.call<book>(amount) << "\n";
}
