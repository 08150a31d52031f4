// SPDX-License-Identifier: MIT
// A lock for sections that are over in no time, and whose owner has just woken the very thread that wants
// them next: going to sleep there would cost as much as all the rest of the wake-up.
#pragma once

#include <atomic>
#include <sched.h>

namespace cohort::io {

class SpinLock {
public:
    void lock() noexcept {
        for (int tries = 0; taken_.exchange(true, std::memory_order_acquire); ++tries) {
            // The owner may have lost its core, perhaps to us.
            if (tries > 64) ::sched_yield();
            while (tries <= 64 && taken_.load(std::memory_order_relaxed) && ++tries <= 64)
                pause();
        }
    }
    void unlock() noexcept { taken_.store(false, std::memory_order_release); }

private:
    static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }

    std::atomic<bool> taken_ = false;
};

}  // namespace cohort::io
