// SPDX-License-Identifier: MIT
// Claims that wait for a job, in line before each of their queues.
#pragma once

#include "io/wake.hpp"

#include <cohort/time.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cohort::memory {

class Door;
class Queue;
struct Waiter;

// Wakes to be given when the lock is released: whoever is woken needs it at once.
using Bells = std::vector<std::shared_ptr<io::Wake>>;

// The place of one waiting claim in one queue's line.
struct Seat : boost::intrusive::list_base_hook<> {
    Seat(Waiter& its_waiter, Queue& its_queue) : waiter{&its_waiter}, queue{&its_queue} {}

    Waiter* waiter;
    Queue* queue;
};

struct Waiter {
    std::shared_ptr<io::Wake> const wake = std::make_shared<io::Wake>();
    Door const* door = nullptr;
    std::string incarnation;
    std::vector<Seat> seats;
    Queue* roused_by = nullptr;  // it was woken, sits nowhere, and has not come back yet
};

// Two things must hold while claims wait here. As many of them are on their way as there are jobs to take, so
// that no job lies beside an idle claim and none wakes a crowd. And one of them, the sentry, has set its
// alarm to the next due time.
class Line {
public:
    bool empty() const noexcept { return seats_.empty(); }

    // `next_due` is that of the queue's waiting jobs. True when this waiter has become the sentry.
    bool sit(Seat& seat, Instant next_due);
    void leave(Seat& seat) noexcept;
    void came_back() noexcept { --roused_; }

    void rouse(std::size_t jobs, Instant next_due, Bells& bells);
    // Lets the waiters for which `is_meant` holds look around at once.
    template<class Predicate>
    void rouse_if(Predicate is_meant, Bells& bells) {
        for (auto seat = seats_.begin(); seat != seats_.end();) {
            Waiter& waiter = *seat->waiter;
            ++seat;
            if (is_meant(waiter)) rouse(waiter, bells);
        }
    }

private:
    void rouse(Waiter& waiter, Bells& bells);

    boost::intrusive::list<Seat> seats_;
    std::size_t roused_ = 0;
    Waiter const* sentry_ = nullptr;
    Instant sentry_due_ = never;
};

// Leaves all lines.
void stand_up(Waiter& waiter) noexcept;

}  // namespace cohort::memory
