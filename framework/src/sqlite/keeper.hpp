// SPDX-License-Identifier: MIT
// The thread that looks after the file: that it is still the same one, that its WAL stays short, that no
// bells of the dead hang about.
#pragma once

#include "sqlite/checkpointer.hpp"
#include "sqlite/config.hpp"
#include "sqlite/lock_file.hpp"
#include "sqlite/place.hpp"

#include <atomic>
#include <exception>
#include <functional>
#include <optional>
#include <thread>

namespace cohort::sqlite {

class Keeper {
public:
    // `give_up` is called once, from the thread, when the file at the path is not the opened one any more.
    Keeper(Config const& config, LockFile& lock_file, std::function<void(std::exception_ptr)> give_up);
    ~Keeper();
    Keeper(Keeper const&) = delete;
    Keeper& operator=(Keeper const&) = delete;

private:
    void run();
    void tick();
    bool is_replaced();

    Config const& config_;
    LockFile& lock_file_;
    std::function<void(std::exception_ptr)> const give_up_;
    Checkpointer checkpointer_;
    std::optional<FileIdentity> const file_;
    std::optional<FileIdentity> wal_;
    std::uint64_t commits_ = 0;  // at the last tick
    std::uint32_t ticks_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace cohort::sqlite
