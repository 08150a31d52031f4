// SPDX-License-Identifier: MIT
#include <cohort/log.hpp>
#include <cohort/run.hpp>
#include <cohort/worker.hpp>

#include <utility>

namespace cohort {

BackgroundWorker::BackgroundWorker(Worker& worker) : worker_{worker} {
    thread_ = std::thread{[this] {
        try {
            run(worker_.run());
        } catch (std::exception const& e) {
            log(LogLevel::error, one_line(std::string{"the background worker ended: "} + e.what()));
            error_ = std::current_exception();
        }
    }};
}

BackgroundWorker::~BackgroundWorker() {
    worker_.stop();
    if (thread_.joinable()) thread_.join();
}

void BackgroundWorker::stop() {
    worker_.stop();
    if (thread_.joinable()) thread_.join();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace cohort
