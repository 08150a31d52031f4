// SPDX-License-Identifier: MIT
// What a file counts of ended jobs, where people change its rows by hand.
#include "sqlite_database.hpp"
#include "support.hpp"

#include <cohort/inspector.hpp>

#include <catch2/catch.hpp>

namespace kept_test {

using namespace cohort;
using namespace test;

namespace {

// A file of which at most two succeeded jobs are kept, and its worker.
class Place {
public:
    Place() { run(broker->enlist(make_worker("w1"))); }

    void end(std::vector<std::string> const& ids) {
        std::vector<NewJob> jobs;
        for (auto const& id : ids)
            jobs.push_back(make_job(id));
        run(broker->push(std::move(jobs)));
        std::vector<Settlement> settlements;
        for (auto const& job : run(broker->claim(make_claim("w1", ++claims))).jobs)
            settlements.push_back(succeed(job));
        REQUIRE(settlements.size() == ids.size());
        run(broker->settle(std::move(settlements)));
    }
    std::uint32_t look_after() { return run(broker->upkeep({{"default"}, 100})).forgotten; }
    std::vector<std::string> audit() { return run(broker->inspector()->audit()); }

    TempDirectory directory;
    std::string const path = directory.file("q.db");
    std::shared_ptr<Broker> const broker = open("sqlite:" + path + "?max_ended=2");
    SqliteDatabase by_hand{path};
    std::uint64_t claims = 0;
};

}  // namespace

TEST_CASE("a job that somebody deletes by hand counts no more", "[K09]") {
    Place place;
    place.end({"a", "b", "c"});
    place.by_hand.execute("DELETE FROM jobs WHERE id = 'a'");
    CHECK(place.audit().empty());
    CHECK(place.look_after() == 0);
    place.end({"d"});
    CHECK(place.look_after() == 1);
    CHECK(place.audit().empty());
}

TEST_CASE("the end of a job without the job is removed like one that is beyond the limits", "[K09][B19]") {
    Place place;
    place.end({"a", "b"});
    place.by_hand.execute("INSERT INTO jobs_ended (seq, queue, state, finished, forget) "
                          "SELECT 77, queue, 4, finished, forget - 1 FROM jobs_ended LIMIT 1; "
                          "UPDATE jobs_kept SET jobs = jobs + 1 WHERE succeeded = 1");
    CHECK(place.look_after() == 1);
    CHECK(place.look_after() == 0);
    CHECK(place.by_hand.number("SELECT count(*) FROM jobs_ended") == 2);
}

TEST_CASE("successes are counted some at a time, and all of them when a worker says goodbye", "[K09]") {
    Place place;
    auto const counted = [&] {
        return place.by_hand.number("SELECT jobs FROM jobs_kept WHERE succeeded = 1");
    };
    auto const weighed = [&] {
        return place.by_hand.number("SELECT bytes FROM jobs_kept WHERE succeeded = 1");
    };
    for (int i = 0; i < 15; ++i)
        place.end({"a" + std::to_string(i)});
    CHECK(counted() == 0);
    CHECK(place.audit().empty());
    place.end({"b"});
    CHECK(counted() == 16);
    CHECK(weighed() == 16 * 5);  // "[1]" and "42"
    place.end({"c"});
    run(place.broker->retire("w1"));
    CHECK(counted() == 17);
    CHECK(place.look_after() == 15);
    CHECK(counted() == 2);
    CHECK(weighed() == 2 * 5);
}

TEST_CASE("a count that somebody has spoilt is told by the audit, and comes right when nothing is left",
          "[K09]") {
    Place place;
    place.end({"a"});
    place.by_hand.execute("UPDATE jobs_kept SET jobs = 1000, bytes = 1000000");
    CHECK(place.audit() == std::vector<std::string>{"queue default counts its ended jobs wrongly",
                                                    "queue default counts its ended jobs wrongly"});
    CHECK(place.look_after() == 1);
    CHECK(place.look_after() == 0);
    CHECK(place.audit().empty());
    place.end({"b", "c"});
    CHECK(place.look_after() == 0);
    CHECK(place.audit().empty());
}

}  // namespace kept_test
