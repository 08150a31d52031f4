// SPDX-License-Identifier: MIT
// One worker of a scenario, and what may be done to it.
#pragma once

#include "faults/setup.hpp"

#include <memory>
#include <string>

namespace faults {

class Ledger;

class Hand {
public:
    virtual ~Hand() = default;

    virtual std::string const& name() const noexcept = 0;
    // kill -9, or for an object in this process: cut off for good.
    virtual void kill() = 0;
    // SIGSTOP and SIGCONT, or cut off for a while.
    virtual void freeze() = 0;
    virtual void thaw() = 0;
    // SIGTERM, or stop().
    virtual void stop() = 0;
    // The exit code, 128 + signal, or -1 when it has not ended after so long.
    virtual int wait(cohort::Duration patience) = 0;
    // Whether a failpoint has stopped it (SIGSTOP), within so long.
    virtual bool wait_frozen(cohort::Duration patience) = 0;
};

// A process of its own: fault_worker on the broker of this URL.
std::unique_ptr<Hand> start_process(WorkerSetup const& setup, std::string const& url,
                                    std::string const& ledger, std::string const& log);
// An object in this process, on this broker.
std::unique_ptr<Hand> start_object(WorkerSetup const& setup, std::shared_ptr<cohort::Broker> broker,
                                   std::shared_ptr<Ledger> ledger);

}  // namespace faults
