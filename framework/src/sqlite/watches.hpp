// SPDX-License-Identifier: MIT
// The clients that listen for their bells.
#pragma once

#include "sqlite/config.hpp"
#include "sqlite/doorbell.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/broker.hpp>

#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cohort::io {
class Wake;
}

namespace cohort::sqlite {

// Each client hears its bell on the executor of its own watch: waking another thread first would cost more
// than reading what was left with the bell. Thread-safe.
class Watches {
public:
    explicit Watches(Config const& config);

    // The verb watch. Where the bell does not say how a job ended, that is to be read.
    static awaitable<std::vector<EndedJob>> watch(std::shared_ptr<Watches> self, WatchParams params);

    // Every watch, now and later, ends with Error(errc::closed);
    void close() noexcept;
    // or with this.
    void fail(std::exception_ptr error) noexcept;

private:
    class Turn;

    void wake_all() noexcept;  // with the lock held

    std::string const file_;
    std::string const space_;
    std::mutex mutex_;
    Ear ear_;
    std::chrono::steady_clock::time_point last_check_{};
    std::map<std::string, std::shared_ptr<io::Wake>> watching_;  // by bell
    std::exception_ptr failure_;
    bool closed_ = false;
};

}  // namespace cohort::sqlite
