// SPDX-License-Identifier: MIT
#include "faults/hand.hpp"
#include "support/process.hpp"

#include <csignal>
#include <cstdlib>
#include <thread>

namespace faults {

namespace {

class ProcessHand : public Hand {
public:
    ProcessHand(WorkerSetup const& setup, std::vector<std::string> command, std::string const& log)
        : name_{setup.name}, process_{std::move(command), log} {}
    // A stopped process does not hear kill -9 any worse.
    ~ProcessHand() override = default;

    std::string const& name() const noexcept override { return name_; }
    void kill() override {
        process_.signal(SIGKILL);
        process_.wait(5000);
    }
    void freeze() override { process_.signal(SIGSTOP); }
    void thaw() override { process_.signal(SIGCONT); }
    // Before main() the signal ends any program, which says nothing of ours.
    void stop() override {
        process_.wait_catches(SIGTERM, 10'000 * slowness);
        process_.signal(SIGTERM);
    }
    int wait(cohort::Duration patience) override { return process_.wait(static_cast<int>(patience / 1ms)); }
    bool wait_frozen(cohort::Duration patience) override {
        return process_.wait_stopped(static_cast<int>(patience / 1ms));
    }

private:
    std::string const name_;
    support::Process process_;
};

std::string millis(cohort::Duration span) {
    return std::to_string(span / 1ms);
}

}  // namespace

std::unique_ptr<Hand> start_process(WorkerSetup const& setup, std::string const& url,
                                    std::string const& ledger, std::string const& log) {
    std::vector<std::string> command{support::program("fault_worker"),
                                     url,
                                     ledger,
                                     setup.name,
                                     std::to_string(setup.slots),
                                     std::to_string(setup.threads),
                                     millis(setup.lease),
                                     millis(setup.upkeep),
                                     millis(setup.grace),
                                     millis(setup.cancel_grace),
                                     millis(setup.deadline),
                                     millis(setup.skew),
                                     setup.is_old ? "old" : "new",
                                     setup.cron,
                                     setup.failpoints};
    return std::make_unique<ProcessHand>(setup, std::move(command), log);
}

}  // namespace faults
