// SPDX-License-Identifier: MIT
// A worker process of the fault scenarios. Its command line is written by hand_process.cpp and by nobody
// else.
#include "base/failpoint.hpp"
#include "faults/jobs.hpp"
#include "faults/witness.hpp"
#include "io/signals.hpp"
#include "open/serve.hpp"

#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/url.hpp>
#include <cohort/worker.hpp>

#ifdef COHORT_FAULTS_SQLITE
#include "sqlite/sqlite.hpp"
#endif
#ifdef COHORT_FAULTS_RABBITMQ
#include "open/store.hpp"
#include "rabbitmq/rabbitmq.hpp"
#endif

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace {

// The machine's clock, off by so much; leases do not go by it.
class SkewedClock : public cohort::Clock {
public:
    explicit SkewedClock(cohort::Duration skew) : skew_{skew} {}
    cohort::Instant now() const noexcept override { return cohort::system_clock().now() + skew_; }
    cohort::Duration steady() const noexcept override { return cohort::system_clock().steady(); }

private:
    cohort::Duration const skew_;
};

// As open_broker() does, with this clock.
std::shared_ptr<cohort::Broker> open_skewed(cohort::Url const& url,
                                            [[maybe_unused]] cohort::Clock const& clock) {
#ifdef COHORT_FAULTS_SQLITE
    if (url.scheme == "sqlite") return cohort::sqlite::open(url, clock);
#endif
#ifdef COHORT_FAULTS_RABBITMQ
    auto const open_store = [&] { return open_skewed(cohort::store_of(url), clock); };
    if (url.scheme == "amqp" && url.text("store"))
        return cohort::rabbitmq::open_on_store(url, open_store, clock);
    if (url.scheme == "amqp") return cohort::rabbitmq::open(url, clock);
#endif
    throw std::runtime_error{"nobody has played with the clock of a worker on " + url.masked()};
}

int work(char** argument) {
    auto const next = [&argument] { return std::string{*argument++}; };
    auto const span = [&next] { return cohort::Duration{std::chrono::milliseconds{std::stoll(next())}}; };
    auto const count = [&next] { return static_cast<std::uint32_t>(std::stoul(next())); };
    std::string const url = next();
    auto const ledger = std::make_shared<faults::Ledger>(next());
    cohort::WorkerOptions options;
    options.name = next();
    options.concurrency = count();
    options.threads = count();
    options.lease = span();
    options.upkeep = span();
    options.grace = span();
    options.cancel_grace = span();
    options.deadline = span();
    cohort::Duration const skew = span();
    SkewedClock const clock{skew};
    options.clock = &clock;
    bool const is_old = next() == "old";
    std::string const cron = next();
#ifndef NDEBUG
    cohort::arm_failpoints(next());
#endif
    auto const own =
        skew == cohort::Duration{} ? cohort::open_broker(url) : open_skewed(cohort::parse_url(url), clock);
    auto const broker = std::make_shared<faults::Witness>(own, ledger, options.name);
    cohort::Worker worker{broker, options};
    worker.provide(std::make_shared<faults::Who>(faults::Who{options.name, ledger}));
    if (is_old) worker.add(faults::old_jobs);
    if (!cron.empty()) worker.schedule<faults::ok>("tick", cohort::cron(cron), 0);
    cohort::run(cohort::serve(worker));
    auto const stats = worker.stats();
    ledger->write("stats", {options.name, "fenced=" + std::to_string(stats.fenced),
                            "claimed=" + std::to_string(stats.claimed),
                            "loop_lag=" + std::to_string(stats.loop_lag / std::chrono::milliseconds{1})});
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    cohort::io::keep_stop_signals();
    if (argc != 15) return 2;
    try {
        return work(argv + 1);
    } catch (std::exception const& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
