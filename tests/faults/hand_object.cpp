// SPDX-License-Identifier: MIT
#include "faults/hand.hpp"
#include "faults/jobs.hpp"
#include "faults/witness.hpp"

#include <cohort/run.hpp>

#include <atomic>
#include <thread>

namespace faults {

namespace {

class ObjectHand : public Hand {
public:
    ObjectHand(WorkerSetup const& setup, std::shared_ptr<cohort::Broker> broker,
               std::shared_ptr<Ledger> ledger)
        : name_{setup.name}, witness_{std::make_shared<Witness>(std::move(broker), ledger, setup.name)},
          worker_{witness_, setup.options()} {
        worker_.provide(std::make_shared<Who>(Who{name_, ledger}));
        if (setup.is_old) worker_.add(old_jobs);
        if (!setup.cron.empty()) worker_.schedule<ok>("tick", cohort::cron(setup.cron), 0);
        thread_ = std::thread{[this] {
            cohort::run(worker_.run());
            has_ended_ = true;
        }};
    }
    ~ObjectHand() override {
        worker_.stop_now();
        thread_.join();
    }
    ObjectHand(ObjectHand const&) = delete;
    ObjectHand& operator=(ObjectHand const&) = delete;

    std::string const& name() const noexcept override { return name_; }
    // For the broker a worker is dead that it never hears of again. What the object still does reaches
    // nobody.
    void kill() override {
        witness_->cut(true);
        worker_.stop_now();
    }
    void freeze() override { witness_->cut(true); }
    void thaw() override { witness_->cut(false); }
    void stop() override { worker_.stop(); }
    int wait(cohort::Duration patience) override {
        auto const end = ledger_time() + patience;
        while (!has_ended_ && ledger_time() < end)
            std::this_thread::sleep_for(1ms);
        return has_ended_ ? 0 : -1;
    }
    bool wait_frozen(cohort::Duration) override { return false; }

private:
    std::string const name_;
    std::shared_ptr<Witness> const witness_;
    cohort::Worker worker_;
    std::atomic<bool> has_ended_ = false;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<Hand> start_object(WorkerSetup const& setup, std::shared_ptr<cohort::Broker> broker,
                                   std::shared_ptr<Ledger> ledger) {
    return std::make_unique<ObjectHand>(setup, std::move(broker), std::move(ledger));
}

}  // namespace faults
