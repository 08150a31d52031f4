// SPDX-License-Identifier: MIT
// The operations of one client that are under way, for who asks.
#pragma once

#include "io/spin_lock.hpp"

#include <cohort/under_way.hpp>

#include <memory>
#include <mutex>
#include <span>
#include <utility>

namespace cohort {

// Thread-safe. Entries belong to those who wait for their operation: entering and leaving allocate nothing.
class Operations {
public:
    void enter(detail::Operation& one) noexcept;
    void leave(detail::Operation& one) noexcept;  // may be left before
    void list(std::vector<UnderWay>& all, Duration now) const;

private:
    mutable io::SpinLock mutex_;
    detail::Operation* first_ = nullptr;
};

// For as long as it lives. The refs must live longer.
class Listed {
public:
    Listed(Operations& operations, Doing doing, std::span<JobRef const> refs) noexcept
        : operations_{operations} {
        one_.refs = refs.data();
        one_.count = refs.size();
        one_.doing = doing;
        operations_.enter(one_);
    }
    Listed(Operations& operations, Doing doing, JobRef const& ref) noexcept
        : Listed{operations, doing, std::span{&ref, 1}} {}
    ~Listed() { operations_.leave(one_); }
    Listed(Listed const&) = delete;
    Listed& operator=(Listed const&) = delete;

private:
    Operations& operations_;
    detail::Operation one_;
};

}  // namespace cohort
