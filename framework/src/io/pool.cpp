// SPDX-License-Identifier: MIT
#include "io/pool.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <thread>

namespace cohort::io {

struct Pool::State {
    std::mutex mutex;
    std::condition_variable ready;
    std::condition_variable left;
    std::deque<std::function<void()>> calls;
    std::size_t most = 0;      // threads that may live, beside those given up
    std::size_t running = 0;   // threads that live
    std::size_t given_up = 0;  // of them, those nobody waits for
    std::size_t idle = 0;
    bool stopping = false;
};

namespace {

void serve(std::shared_ptr<Pool::State> const& state) {
    std::unique_lock lock{state->mutex};
    for (;;) {
        ++state->idle;
        state->ready.wait(lock, [&] { return !state->calls.empty() || state->stopping; });
        --state->idle;
        if (state->calls.empty()) break;
        auto call = std::move(state->calls.front());
        state->calls.pop_front();
        lock.unlock();
        call();
        call = nullptr;  // what it owned goes before the lock is taken again
        lock.lock();
        // One that was given up has come back: there is one too many.
        if (state->running > state->most + state->given_up) break;
    }
    --state->running;
    state->left.notify_all();
}

void start(std::shared_ptr<Pool::State> const& state) {
    std::thread{[state] {
        pthread_setname_np(pthread_self(), "cohort-pool");
        serve(state);
    }}.detach();
}

}  // namespace

Pool::Pool(std::size_t most) : state_{std::make_shared<State>()} {
    state_->most = most;
}

Pool::~Pool() {
    std::lock_guard lock{state_->mutex};
    state_->stopping = true;
    state_->ready.notify_all();
}

void Pool::join() {
    std::unique_lock lock{state_->mutex};
    state_->stopping = true;
    state_->ready.notify_all();
    state_->left.wait(lock, [&] { return state_->running <= state_->given_up; });
}

void Pool::submit(std::vector<std::function<void()>> calls) {
    std::size_t wake = 0;
    std::size_t started = 0;
    {
        std::lock_guard lock{state_->mutex};
        for (auto& call : calls)
            state_->calls.push_back(std::move(call));
        wake = std::min(state_->calls.size(), state_->idle);
        while (state_->calls.size() > state_->idle && state_->running < state_->most + state_->given_up &&
               started < state_->calls.size() - state_->idle) {
            ++state_->running;
            ++started;
            start(state_);
        }
    }
    for (std::size_t i = 0; i < wake; ++i)
        state_->ready.notify_one();
}

void Pool::give_one_up() {
    std::lock_guard lock{state_->mutex};
    ++state_->given_up;
    if (state_->calls.empty()) return;
    ++state_->running;
    start(state_);
}

void Pool::take_one_back() {
    std::lock_guard lock{state_->mutex};
    --state_->given_up;
}

}  // namespace cohort::io
