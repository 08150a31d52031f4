// SPDX-License-Identifier: MIT
// Who is woken, exactly: what the suite can only see from outside.
#include "memory/queue.hpp"

#include <catch2/catch.hpp>

#include <deque>

using namespace cohort;
using namespace cohort::memory;

namespace {

class Hall {
public:
    Waiter& sit(std::vector<Queue*> queues) {
        Waiter& waiter = waiters_.emplace_back();
        sit(waiter, std::move(queues));
        return waiter;
    }
    void sit(Waiter& waiter, std::vector<Queue*> queues) {
        waiter.seats.reserve(queues.size());
        for (Queue* queue : queues)
            queue->line.sit(waiter.seats.emplace_back(waiter, *queue), never);
    }
    ~Hall() {
        for (Waiter& waiter : waiters_)
            stand_up(waiter);
    }

private:
    std::deque<Waiter> waiters_;
};

std::size_t rouse(Queue& queue, std::size_t jobs, Instant next_due = never) {
    Bells bells;
    queue.line.rouse(jobs, next_due, bells);
    return bells.size();
}

constexpr Instant at(int seconds) {
    return Instant{std::chrono::seconds{seconds}};
}

}  // namespace

TEST_CASE("as many are woken as there are jobs, and no more while they are on their way") {
    Queue queue{"main"};
    Hall hall;
    for (int i = 0; i < 5; ++i)
        hall.sit({&queue});

    CHECK(rouse(queue, 2) == 2);
    CHECK(rouse(queue, 2) == 0);
    CHECK(rouse(queue, 3) == 1);
    CHECK(rouse(queue, 9) == 2);
    CHECK(rouse(queue, 9) == 0);
}

TEST_CASE("whoever waits longest is woken first") {
    Queue queue{"main"};
    Hall hall;
    Waiter& first = hall.sit({&queue});
    Waiter& second = hall.sit({&queue});

    rouse(queue, 1);

    CHECK(first.roused_by == &queue);
    CHECK(second.roused_by == nullptr);
}

TEST_CASE("one who comes back without the job makes room for the next") {
    Queue queue{"main"};
    Hall hall;
    Waiter& first = hall.sit({&queue});
    hall.sit({&queue});
    REQUIRE(rouse(queue, 1) == 1);

    stand_up(first);

    CHECK(rouse(queue, 1) == 1);
}

TEST_CASE("who is woken by one queue is in no other line") {
    Queue left{"left"};
    Queue right{"right"};
    Hall hall;
    Waiter& waiter = hall.sit({&left, &right});
    REQUIRE(rouse(left, 1) == 1);
    CHECK(waiter.seats.empty());
    CHECK(rouse(right, 1) == 0);
    CHECK(right.line.empty());
}

TEST_CASE("one of those who wait looks after the next due time, and another one when it has left") {
    Queue queue{"main"};
    std::deque<Waiter> waiters(2);
    std::vector<bool> is_sentry;
    for (Waiter& waiter : waiters) {
        waiter.seats.reserve(1);
        is_sentry.push_back(queue.line.sit(waiter.seats.emplace_back(waiter, queue), at(100)));
    }
    CHECK(is_sentry == std::vector{true, false});
    CHECK(rouse(queue, 0, at(100)) == 0);

    // A job that is due earlier: somebody has to set its alarm again, once.
    CHECK(rouse(queue, 0, at(50)) == 1);
    CHECK(rouse(queue, 0, at(40)) == 0);

    for (Waiter& waiter : waiters)
        stand_up(waiter);
    CHECK(queue.line.empty());
}

TEST_CASE("when the sentry leaves, the next one is asked to take over") {
    Queue queue{"main"};
    std::deque<Waiter> waiters(2);
    for (Waiter& waiter : waiters) {
        waiter.seats.reserve(1);
        queue.line.sit(waiter.seats.emplace_back(waiter, queue), at(100));
    }

    stand_up(waiters[0]);

    CHECK(rouse(queue, 0, at(100)) == 1);
    CHECK(waiters[1].roused_by == &queue);
    stand_up(waiters[1]);
}
