// SPDX-License-Identifier: MIT
// One call of a verb on its way through the thread that performs it.
#pragma once

#include "io/wake.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

namespace cohort::sqlite {

class Session;

enum class Progress : std::uint8_t {
    done,
    more,  // needs a transaction, or another one
    wait,  // nothing to do now; what it waits for is in waiting()
};

// What an operation waits for.
struct Waiting {
    std::chrono::steady_clock::time_point until;  // then it ends
    std::vector<std::int64_t> queues;             // work in one of these ends the wait
    std::optional<Duration> next_due;             // so does this, counted from `looked`
    std::chrono::steady_clock::time_point looked{};
};

// Owned by the frame that awaits it and by the thread's queue: either may go first.
class Operation {
public:
    Operation() = default;
    virtual ~Operation() = default;
    Operation(Operation const&) = delete;
    Operation& operator=(Operation const&) = delete;

    // On the thread, outside of any transaction: what can be done by reading alone.
    virtual Progress peek(Session&) { return Progress::more; }
    // On the thread, in a transaction (of a reader: outside of any). Large ones do a part and ask for more.
    virtual Progress step(Session& session) = 0;
    // The transaction was committed: what step() has done so far is done.
    virtual void keep() {}
    // The transaction was rolled back: step() will be asked for the same again.
    virtual void rewind() {}
    // It has ended, and who asked for it will most likely be back in no time.
    virtual bool has_sequel() const noexcept { return false; }
    // Not null for one that may wait.
    virtual Waiting* waiting() noexcept { return nullptr; }

    // The thread: is it still wanted? After true it ends with a result or an error.
    bool begin() noexcept {
        auto expected = State::queued;
        return state_.compare_exchange_strong(expected, State::begun);
    }
    // The thread: it is not begun after all. False when it has been ended as withdrawn.
    bool put_back();
    void finish(std::exception_ptr error = nullptr);

    // The awaiting frame: true when nothing has happened and nothing will.
    bool withdraw() noexcept;
    bool is_ended() const noexcept { return state_.load() == State::ended; }
    bool is_withdrawn() const noexcept { return state_.load() == State::withdrawn; }

    io::Wake const wake;
    // Valid once it has ended.
    std::exception_ptr error;

private:
    enum class State : std::uint8_t { queued, begun, ended, withdrawn };
    std::atomic<State> state_{State::queued};
    std::atomic<bool> leaving_{false};
};

}  // namespace cohort::sqlite
