// SPDX-License-Identifier: MIT
// The coroutines in which bodies run, on one event loop. They are reused: starting one costs as much as three
// jobs.
#pragma once

#include "io/wake.hpp"

#include <cohort/awaitable.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <deque>
#include <memory>
#include <vector>

namespace cohort {

class Run;

// submit() from any thread; all else happens on the executor.
class Runners : public std::enable_shared_from_this<Runners> {
public:
    explicit Runners(boost::asio::any_io_executor executor);
    ~Runners();

    boost::asio::any_io_executor const& executor() const noexcept { return executor_; }
    // Starts them in order, all in one hop.
    void submit(std::vector<std::shared_ptr<Run>> runs);
    // Lets idle runners end, and busy ones when their body has; does not wait for bodies that are stuck.
    void close();

private:
    struct Runner;
    void start(std::shared_ptr<Run> run);
    awaitable<void> serve(std::shared_ptr<Runners> self, std::shared_ptr<Runner> runner);

    boost::asio::any_io_executor const executor_;
    std::vector<std::shared_ptr<Runner>> idle_;
    bool closed_ = false;
};

}  // namespace cohort
