// SPDX-License-Identifier: MIT
#include "rabbitmq/shares.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>

namespace shares_test {

using namespace cohort;
using namespace cohort::rabbitmq;

namespace {

std::vector<std::string> const lines{"a", "b", "c"};

// A worker with four slots, and consumers with these shares, of which so many are taken by runs.
struct Shared {
    explicit Shared(std::uint32_t slots = 4) { life.worker.slots = slots; }

    Shared& consume(std::string const& line, std::uint32_t share, std::uint32_t out) {
        std::string const tag = "c" + std::to_string(life.consumers.size());
        life.consumers[tag].line = line;
        life.consumers[tag].share = share;
        life.consumers[tag].out = out;
        for (std::uint32_t i = 0; i < out; ++i)
            run();
        return *this;
    }
    Shared& run() {
        life.runs[JobRef{"q", std::to_string(life.runs.size())}];
        return *this;
    }
    Wish wish(std::uint32_t limit, Duration waited = 0s) const {
        return {lines, limit, limit, false, waited};
    }
    Plan plan(std::uint32_t limit, Duration waited = 0s) const {
        return cohort::rabbitmq::plan(life, wish(limit, waited));
    }

    Life life;
};

}  // namespace

TEST_CASE("shares of the slots add up to them, whatever the number of queues", "[F88]") {
    for (std::uint32_t slots = 1; slots < 10; ++slots) {
        for (std::size_t queues = 1; queues < 6; ++queues) {
            auto const shares = divide(slots, queues, slots);
            CHECK(std::accumulate(shares.begin(), shares.end(), 0U) == slots);
            auto const [least, most] = std::minmax_element(shares.begin(), shares.end());
            CHECK(*most - *least <= 1);
        }
    }
    CHECK(divide(1, 3, 1) == std::vector<std::uint32_t>{0, 1, 0});
}

TEST_CASE("who has no consumers asks for all that is free") {
    Shared const none;
    CHECK(none.plan(4) == Plan::fill);
    CHECK(uncovered(none.life, none.wish(4)) == 4);
    CHECK(bare_lines(none.life, lines) == lines);
}

TEST_CASE("consumers that have leave for all that is free are left alone") {
    Shared idle;
    idle.consume("a", 2, 0).consume("b", 1, 0).consume("c", 1, 0);
    CHECK(idle.plan(4, 1h) == Plan::wait);
    // An outcome on its way holds a share, which comes back by itself.
    Shared busy;
    busy.consume("a", 2, 1).consume("b", 1, 1).consume("c", 1, 1);
    CHECK(busy.plan(2) == Plan::wait);
    CHECK(uncovered(busy.life, busy.wish(2)) == 0);
}

TEST_CASE("a line whose share is used up waits for a moment before others give way") {
    Shared starved;
    starved.consume("a", 2, 0).consume("b", 1, 0).consume("c", 1, 1);
    CHECK(bare_lines(starved.life, lines) == std::vector<std::string>{"c"});
    CHECK(starved.plan(3) == Plan::wait);
    CHECK(starved.plan(3, 1s) == Plan::shift);
}

TEST_CASE("where all shares are used up there is nothing to shift") {
    Shared full;
    full.consume("a", 2, 2).consume("b", 1, 1).consume("c", 1, 1);
    CHECK(full.plan(1, 1s) == Plan::wait);
}

TEST_CASE("a slot that no consumer has leave for is asked for, beside those who have") {
    Shared mixed;
    mixed.consume("a", 1, 0).consume("b", 1, 1).run();
    CHECK(mixed.plan(2) == Plan::fill);
    CHECK(uncovered(mixed.life, mixed.wish(2)) == 1);
}

TEST_CASE("consumers are made anew for other lines, and where they might bring more than is free") {
    Shared foreign;
    foreign.consume("x", 1, 0);
    CHECK(foreign.plan(1) == Plan::renew);
    Shared much;
    much.consume("a", 4, 0);
    CHECK(much.plan(2) == Plan::wait);  // as far as we know four are free
    much.run().run();
    CHECK(much.plan(2) == Plan::renew);
}

TEST_CASE("consumers that have become many are one for each line when nothing runs") {
    Shared many;
    many.consume("a", 1, 0).consume("a", 1, 0).consume("b", 1, 0).consume("c", 1, 0);
    CHECK(many.plan(4) == Plan::renew);
    many.consume("c", 1, 1);
    CHECK(many.plan(3) == Plan::renew);  // four may come, and three slots are free
}

TEST_CASE("where there are priorities, nobody has leave for the patient while the urgent may wait") {
    Shared starved;
    starved.consume("a", 1, 1).consume("b", 1, 0).consume("c", 1, 0);
    Wish const usual{lines, 3, 3, false, 0s};
    Wish const ordered{lines, 3, 3, true, 0s};
    CHECK(plan(starved.life, usual) == Plan::fill);
    CHECK(plan(starved.life, ordered) == Plan::renew);
    Shared patient;
    patient.consume("a", 1, 0).consume("b", 1, 0).consume("c", 2, 2);
    CHECK(plan(patient.life, ordered) == Plan::wait);
}

}  // namespace shares_test
