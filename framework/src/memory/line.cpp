// SPDX-License-Identifier: MIT
#include "memory/line.hpp"

#include "memory/queue.hpp"

namespace cohort::memory {

bool Line::sit(Seat& seat, Instant next_due) {
    seats_.push_back(seat);
    if (next_due >= sentry_due_) return false;
    sentry_ = seat.waiter;
    sentry_due_ = next_due;
    return true;
}

void Line::leave(Seat& seat) noexcept {
    seats_.erase(seats_.iterator_to(seat));
    if (sentry_ != seat.waiter) return;
    sentry_ = nullptr;
    sentry_due_ = never;
}

void Line::rouse(std::size_t jobs, Instant next_due, Bells& bells) {
    while (!seats_.empty() && jobs > roused_)
        rouse(*seats_.front().waiter, bells);
    // Whoever is on its way will look at the due times itself.
    if (!seats_.empty() && roused_ == 0 && next_due < sentry_due_) rouse(*seats_.front().waiter, bells);
}

void Line::rouse(Waiter& waiter, Bells& bells) {
    bells.push_back(waiter.wake);
    Queue* rouser = nullptr;
    for (Seat& seat : waiter.seats) {
        if (&seat.queue->line == this) rouser = seat.queue;
    }
    stand_up(waiter);
    waiter.roused_by = rouser;
    ++roused_;
}

void stand_up(Waiter& waiter) noexcept {
    for (Seat& seat : waiter.seats)
        seat.queue->line.leave(seat);
    waiter.seats.clear();
    if (waiter.roused_by != nullptr) waiter.roused_by->line.came_back();
    waiter.roused_by = nullptr;
}

}  // namespace cohort::memory
