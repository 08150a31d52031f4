// SPDX-License-Identifier: MIT
#include "sqlite/reader.hpp"

#include "sqlite/errors.hpp"

#include <pthread.h>
#include <utility>

namespace cohort::sqlite {

using namespace std::chrono_literals;

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto look_again_after = 1ms;
// Readers are locked out only for moments: while the WAL is recovered, or by a program in exclusive mode.
constexpr auto longest_lock = 5s;

}  // namespace

Reader::Reader(Config const& config, std::shared_ptr<Inbox> inbox)
    : config_{config}, inbox_{std::move(inbox)}, thread_{[this] {
          pthread_setname_np(pthread_self(), "cohort-sqlite-r");
          run();
      }} {}

Reader::~Reader() {
    inbox_->close();
    thread_.join();
}

void Reader::run() {
    for (;;) {
        inbox_->sleep(-1, std::nullopt);
        bool const closing = inbox_->is_closed();
        try {
            // On the thread: opening reads the schema, and another program may hold that up.
            if (!session_)
                session_ = std::make_unique<Session>(config_, ConnectionOptions{config_.durability, true});
        } catch (...) {
            for (auto& operation : inbox_->take()) {
                if (operation->begin()) operation->finish(std::current_exception());
            }
            if (closing) return;
            continue;
        }
        for (auto& operation : inbox_->take()) {
            if (operation->begin()) perform(operation);
        }
        if (closing) return;
    }
}

void Reader::perform(std::shared_ptr<Operation> const& operation) {
    auto const end = SteadyClock::now() + longest_lock;
    for (;;) {
        try {
            session_->read_clock();
            operation->step(*session_);
            return operation->finish();
        } catch (Locked const& locked) {
            if (SteadyClock::now() >= end || inbox_->is_closed()) {
                return operation->finish(
                    std::make_exception_ptr(make_error(nullptr, locked.code, config_.path)));
            }
            std::this_thread::sleep_for(look_again_after);
        } catch (...) {
            return operation->finish(std::current_exception());
        }
    }
}

}  // namespace cohort::sqlite
