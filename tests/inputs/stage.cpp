// SPDX-License-Identifier: MIT
#include "inputs/stage.hpp"

#include <cohort/context.hpp>
#include <cohort/register.hpp>

#include <limits>
#include <stdexcept>
#include <vector>

namespace inputs {

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);
std::uint8_t small(std::uint8_t n) {
    return n;
}
COHORT_JOB(small);
std::int64_t whole(std::int64_t n) {
    return n;
}
COHORT_JOB(whole);
std::uint64_t positive(std::uint64_t n) {
    return n;
}
COHORT_JOB(positive);
bool negate(bool is_so) {
    return !is_so;
}
COHORT_JOB(negate);
double half(double x) {
    return x / 2;
}
COHORT_JOB(half);
std::string echo(std::string text) {
    return text;
}
COHORT_JOB(echo);
std::size_t count(std::vector<int> numbers) {
    return numbers.size();
}
COHORT_JOB(count, .params = "numbers");
cohort::awaitable<std::string> echo_later(std::string text) {
    co_return text;
}
COHORT_JOB(echo_later);
double not_a_number() {
    return std::numeric_limits<double>::quiet_NaN();
}
COHORT_JOB(not_a_number);
std::string repeat(std::string text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}
COHORT_JOB(repeat);
void fail_with(std::string text) {
    throw std::runtime_error{text};
}
COHORT_JOB(fail_with);

Stage::Stage() {
    broker_ = cohort::open_broker(url());
    stranger_ = std::make_unique<Stranger>(path());
    stranger_->execute("INSERT INTO queues (id, namespace, name) VALUES (1, '', 'default')");
    client_ = std::make_unique<cohort::BlockingClient>(url());
    // The client's address, which only a job of its own shows.
    client_->enqueue_job<add>({.id = "first"}, 0, 0);
    stranger_->client = stranger_->text("SELECT client FROM jobs");
    stranger_->execute("DELETE FROM jobs");
}

Stage::~Stage() {
    if (running_) CHECK_NOTHROW(running_->stop());
}

void Stage::start(cohort::WorkerOptions options) {
    options.lease = 5s;  // a row of 50 MB takes its time
    options.upkeep = 200ms;
    options.concurrency = 8;
    worker_ = std::make_unique<cohort::Worker>(url(), options);
    worker_->add<add>();
    worker_->add<small>();
    worker_->add<whole>();
    worker_->add<positive>();
    worker_->add<negate>();
    worker_->add<half>();
    worker_->add<echo>();
    worker_->add<echo_later>();
    worker_->add<count>();
    worker_->add<not_a_number>();
    worker_->add<repeat>();
    worker_->add<fail_with>();
    running_ = std::make_unique<cohort::BackgroundWorker>(*worker_);
}

cohort::Outcome<cohort::Json> Stage::outcome_of(std::string const& id) {
    return client_->find({"default", id}).outcome(10s);
}

bool Stage::still_works() {
    return client_->enqueue_named("inputs.add", "[20,22]").result(10s).str() == "42";
}

}  // namespace inputs
