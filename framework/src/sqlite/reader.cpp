// SPDX-License-Identifier: MIT
#include "sqlite/reader.hpp"

#include "sqlite/errors.hpp"
#include "sqlite/reads.hpp"

#include <algorithm>
#include <pthread.h>
#include <utility>

namespace cohort::sqlite {

using namespace std::chrono_literals;

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto tick = 1s;
constexpr auto retry_pause = 1ms;
// Readers are locked out only for moments: while the WAL is recovered, or by a program in exclusive mode.
constexpr auto longest_lock = 5s;

}  // namespace

Watch::Watch(WatchParams params) : params_{std::move(params)} {
    waiting_.until = SteadyClock::now() + std::min<Duration>(params_.wait, 24h * 365);
}

Reader::Reader(Config const& config, std::shared_ptr<Inbox> inbox)
    : config_{config}, inbox_{std::move(inbox)}, ear_{config.path + "-bells"}, thread_{[this] {
          pthread_setname_np(pthread_self(), "cohort-sqlite-r");
          run();
      }} {}

Reader::~Reader() {
    inbox_->close();
    thread_.join();
}

void Reader::run() {
    for (;;) {
        inbox_->sleep(ear_.fd(), next_look());
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
            if (auto watch = std::dynamic_pointer_cast<Watch>(operation))
                listen(std::move(watch));
            else if (operation->begin())
                perform(operation);
        }
        look_at_watches();
        auto error = inbox_->failure();
        if (closing && !error) {
            error = std::make_exception_ptr(
                Error{errc::closed, "the broker on \"" + config_.path + "\" was closed"});
        }
        if (error) {
            for (auto& watch : std::exchange(watches_, {})) {
                if (watch->begin()) watch->finish(error);
            }
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
            std::this_thread::sleep_for(retry_pause);
        } catch (...) {
            return operation->finish(std::current_exception());
        }
    }
}

void Reader::listen(std::shared_ptr<Watch> watch) {
    auto const bell = client_bell(config_.space, watch->client());
    ear_.listen(bell);
    // One watch per client: the new one takes over.
    std::erase_if(watches_, [&](auto const& earlier) {
        if (earlier->client() != watch->client()) return false;
        if (earlier->begin()) earlier->finish();
        return true;
    });
    // What was rung since the last watch has waited for this one.
    watch->ended = read_bell(bell);
    if (watch->ended.empty())
        watches_.push_back(std::move(watch));
    else if (watch->begin())
        watch->finish();
}

void Reader::look_at_watches() {
    auto const rung = ear_.heard();
    if (watches_.empty()) return;
    auto const now = SteadyClock::now();
    if (now - last_check_ >= tick) {
        ear_.check();
        last_check_ = now;
    }
    std::erase_if(watches_, [&](auto const& watch) {
        if (watch->is_withdrawn()) return true;
        auto const bell = client_bell(config_.space, watch->client());
        if (std::find(rung.begin(), rung.end(), bell) != rung.end()) watch->ended = read_bell(bell);
        if (watch->ended.empty() && now < watch->waiting()->until) return false;
        if (watch->begin()) watch->finish();
        return true;
    });
}

std::vector<EndedJob> Reader::read_bell(std::string const& bell) {
    std::vector<EndedJob> ended;
    session_->read_clock();
    for (auto& job : ear_.notices(bell)) {
        try {
            if (!job.ending) {
                Ending ending = read_ending(*session_, job.ref);
                // Not ended: it was sent back meanwhile. Not known: it left nothing behind.
                if (!ending.known || is_terminal(ending.state)) job.ending = std::move(ending);
            }
        } catch (...) {  // locked, or worse: whoever reads it will hear of it
        }
        ended.push_back(std::move(job));
    }
    return ended;
}

Inbox::Deadline Reader::next_look() const {
    if (watches_.empty()) return std::nullopt;
    auto next = last_check_ + tick;
    for (auto const& watch : watches_)
        next = std::min(next, watch->waiting()->until);
    return next;
}

}  // namespace cohort::sqlite
