// SPDX-License-Identifier: MIT
// Worker programs that are stopped while they are still starting.
#include "support/process.hpp"
#include "support/slowness.hpp"

#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace start_test {

using support::slowness;

namespace {

// Held up in what its program does before the worker runs.
class HeldUp {
public:
    HeldUp() : process_{start()} {
        // Somebody reads when the program has come to the gate, and not before.
        for (int waited = 0; gate_ < 0 && waited < 10'000 * slowness; ++waited) {
            gate_ = ::open(path().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
            if (gate_ < 0) ::usleep(1000);
        }
        REQUIRE(gate_ >= 0);
    }
    ~HeldUp() { let_go(); }
    HeldUp(HeldUp const&) = delete;
    HeldUp& operator=(HeldUp const&) = delete;

    std::string url() const { return "sqlite:" + dir_.file("jobs.db"); }
    void signal(int number) const { process_.signal(number); }
    void let_go() {
        if (gate_ >= 0) ::close(gate_);
        gate_ = -1;
    }
    int wait() { return process_.wait(10'000 * slowness); }

private:
    std::string path() const { return dir_.file("gate"); }
    support::Process start() const {
        REQUIRE(::mkfifo(path().c_str(), 0600) == 0);
        ::setenv("E2E_GATE", path().c_str(), 1);
        support::Process process{{support::program("e2e_worker"), "--broker", url()},
                                 dir_.file("worker.log")};
        ::unsetenv("E2E_GATE");
        return process;
    }

    support::TempDir const dir_;
    int gate_ = -1;
    support::Process process_;
};

}  // namespace

TEST_CASE("SIGTERM while a worker's program is starting ends it with 0, and it leaves nothing behind",
          "[F04][S33]") {
    HeldUp worker;
    worker.signal(GENERATE(SIGTERM, SIGINT));
    worker.let_go();
    CHECK(worker.wait() == 0);
    auto const broker = cohort::open_broker(worker.url());
    CHECK(cohort::run(broker->inspector()->workers()).empty());
}

TEST_CASE("a second signal ends a worker's program at once, also while it is starting", "[S33]") {
    HeldUp worker;
    worker.signal(SIGINT);
    worker.signal(SIGTERM);
    CHECK(worker.wait() > 128);
}

}  // namespace start_test
