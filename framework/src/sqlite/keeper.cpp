// SPDX-License-Identifier: MIT
#include "sqlite/keeper.hpp"

#include "sqlite/doorbell.hpp"

#include <cohort/error.hpp>

#include <chrono>
#include <pthread.h>

namespace cohort::sqlite {

using namespace std::chrono_literals;

namespace {

constexpr auto interval = 1s;
constexpr std::uint32_t ticks_per_sweep = 10;

}  // namespace

Keeper::Keeper(Config const& config, LockFile& lock_file, std::function<void(std::exception_ptr)> give_up)
    : config_{config}, lock_file_{lock_file}, give_up_{std::move(give_up)}, checkpointer_{config, lock_file},
      file_{identify(config.path)}, thread_{[this] {
          pthread_setname_np(pthread_self(), "cohort-sqlite-k");
          run();
      }} {}

Keeper::~Keeper() {
    stopping_.store(true);
    lock_file_.ask_checkpoint();  // wakes it; others find nothing to do
    thread_.join();
}

void Keeper::run() {
    auto next_tick = std::chrono::steady_clock::now() + interval;
    std::uint32_t asked = 0;
    while (!stopping_.load()) {
        auto const now = std::chrono::steady_clock::now();
        if (now >= next_tick) {
            tick();
            next_tick = now + interval;
        }
        auto const left =
            std::chrono::ceil<std::chrono::milliseconds>(next_tick - std::chrono::steady_clock::now());
        auto const answer = lock_file_.wait_asked(asked, std::max(left, 1ms));
        if (answer != asked && !stopping_.load()) checkpointer_.run(SQLITE_CHECKPOINT_FULL);
        asked = answer;
    }
    // What a copy of the database file alone would miss is as little as possible.
    if (!is_replaced()) checkpointer_.run(SQLITE_CHECKPOINT_TRUNCATE);
}

void Keeper::tick() {
    if (is_replaced()) {
        give_up_(std::make_exception_ptr(
            Error{errc::storage_replaced, "\"" + config_.path +
                                              "\" or its -wal was removed or replaced while it was open; "
                                              "put it back, or restart this program to use the new one"}));
        return;
    }
    // Once things are quiet; under load it is asked for.
    auto const commits = lock_file_.commits();
    if (commits == commits_) checkpointer_.run(SQLITE_CHECKPOINT_FULL);
    commits_ = commits;
    if (++ticks_ % ticks_per_sweep == 0 && checkpointer_.is_ours()) sweep_bells(config_.path + "-bells");
}

bool Keeper::is_replaced() {
    if (identify(config_.path) != file_) return true;
    // It is there from the first read until the last connection has closed.
    auto const wal = identify(config_.path + "-wal");
    if (!wal_) wal_ = wal;
    return wal_ && wal != wal_;
}

}  // namespace cohort::sqlite
