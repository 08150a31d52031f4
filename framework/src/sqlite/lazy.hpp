// SPDX-License-Identifier: MIT
// A part that is made when it is first needed: most processes are a client or a worker, and few have
// operators.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace cohort::sqlite {

// Thread-safe.
template<class T>
class Lazy {
public:
    explicit Lazy(std::function<std::unique_ptr<T>()> make) : make_{std::move(make)} {}

    // Throws what making it throws; the next call tries again.
    void need() {
        std::lock_guard const lock{mutex_};
        if (!part_) part_ = make_();
    }

private:
    std::function<std::unique_ptr<T>()> const make_;
    std::mutex mutex_;
    std::unique_ptr<T> part_;
};

}  // namespace cohort::sqlite
