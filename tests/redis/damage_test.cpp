// SPDX-License-Identifier: MIT
// Records that somebody has damaged, and jobs that have lost their place: they harm no others.
#include "redis/server.hpp"

namespace damage_test {

using namespace redis_test;

namespace {

// Puts another record, given in Lua by the old one `r`, into the place of a job's.
void damage(RedisServer const& server, std::string const& id, std::string const& record) {
    server.ask("EVAL \"local r = redis.call('HGET', KEYS[1], ARGV[1]) "
               "return redis.call('HSET', KEYS[1], ARGV[1], " +
               record + ")\" 1 'cohort:{:main}:jobs' " + id);
}

std::set<std::string> ids_of(std::vector<JobRecord> const& jobs) {
    std::set<std::string> ids;
    for (auto const& job : jobs)
        ids.insert(std::string{job.ref.id});
    return ids;
}

Ending ending_of(Broker& broker, std::string const& id) {
    return run(broker.results({{"main", id}})).at(0);
}

bool is_corrupt(Ending const& ending) {
    return ending.state == JobState::failed && ending.reason == FailReason::corrupt_state &&
           ending.error.find("cannot be read") != std::string::npos;
}

std::vector<std::string> audit(Broker& broker) {
    return run(broker.inspector()->audit());
}

UpkeepReply look_after(Broker& broker) {
    UpkeepParams params;
    params.queues = {"main"};
    return run(broker.upkeep(params));
}

std::vector<JobState> const all{std::begin(all_states), std::end(all_states)};

}  // namespace

TEST_CASE("a job whose record cannot be read has failed, and the others of its claim run", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    std::string const record = GENERATE("'x'", "''", "r:sub(1, 33)", "r:sub(1, 34)", "r:sub(1, 42)",
                                        "string.char(2) .. r:sub(2)", "r:sub(1, 1) .. 'y' .. r:sub(3)");
    std::string const victim = GENERATE("plain", "first", "special", "late");
    CAPTURE(record, victim);
    std::vector<NewJob> jobs;
    for (char const* id : {"plain", "first", "special", "late", "a", "b"})
        jobs.push_back(make_job(id));
    jobs[1].priority = 5;
    jobs[2].expires = 1h;
    jobs[2].policy.max_retries = 2;
    jobs[3].delay = 1ms;
    run(broker->push(std::move(jobs)));
    damage(server, victim, record);
    CHECK(is_corrupt(ending_of(*broker, victim)));
    CHECK(audit(*broker).size() >= 1);
    auto const worker = enlist(*broker);

    auto const claimed = run(broker->claim(claim_of(worker, 1))).jobs;

    std::set<std::string> expected{"plain", "first", "special", "late", "a", "b"};
    expected.erase(victim);
    CHECK(ids_of(claimed) == expected);
    for (auto const& job : claimed)
        CHECK(run(broker->settle(success(job))) == std::vector{Verdict::accepted});
    CHECK(is_corrupt(ending_of(*broker, victim)));
    CHECK(audit(*broker) == std::vector<std::string>{});
    QueueInfo const info = run(broker->inspector()->queues()).at(0);
    CHECK(info.count(JobState::failed) == 1);
    CHECK(info.count(JobState::running) == 0);
    ListParams list;
    list.queue = "main";
    CHECK(run(broker->inspector()->list(list)).jobs.size() == 6);
    list.state = JobState::failed;
    CHECK(run(broker->inspector()->list(list)).jobs.size() == 1);
    CHECK(code_of(broker->push({make_job(victim)})) == errc::ok);
    CHECK(run(broker->cancel({{"main", victim}})) == std::vector{CancelVerdict::finished});
    CHECK(run(broker->inspector()->requeue({{"main", victim}})) == std::vector{false});
    CHECK(run(broker->inspector()->purge("main", all)) == 6);
    CHECK(audit(*broker) == std::vector<std::string>{});
    CHECK(run(broker->inspector()->queues()).at(0).count(JobState::failed) == 0);
}

TEST_CASE("a record that is damaged while its job runs harms neither the beat nor the others", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    std::vector<NewJob> jobs;
    for (char const* id : {"a", "b", "c"})
        jobs.push_back(make_job(id));
    run(broker->push(std::move(jobs)));
    auto const claimed = run(broker->claim(claim_of(worker, 1))).jobs;
    REQUIRE(claimed.size() == 3);
    damage(server, "b", "'x'");

    Beat beat;
    beat.incarnation = worker;
    beat.held = {{"main", 1}};
    CHECK(ids_of(run(broker->renew(beat)).strays) == std::set<std::string>{"a", "b", "c"});
    auto const records = run(broker->status({{"main", "a"}, {"main", "b"}}));
    REQUIRE(records.at(1).has_value());
    CHECK(records.at(0)->state == JobState::running);
    CHECK(records.at(1)->state == JobState::running);

    SECTION("its run succeeds") {
        CHECK(run(broker->settle(success(claimed[1]))) == std::vector{Verdict::accepted});
        CHECK(ending_of(*broker, "b").state == JobState::succeeded);
        CHECK(ending_of(*broker, "b").result == "3");
    }
    SECTION("its run fails") {
        auto failure = success(claimed[1]);
        failure.front().kind = SettleKind::retry;
        failure.front().reason = FailReason::exception;
        CHECK(run(broker->settle(failure)) == std::vector{Verdict::accepted});
        CHECK(is_corrupt(ending_of(*broker, "b")));
        look_after(*broker);  // what it weighed was another record
        CHECK(audit(*broker) == std::vector<std::string>{});
    }
    SECTION("the answer to its claim was lost") {
        CHECK(ids_of(run(broker->claim(claim_of(worker, 1))).jobs) == std::set<std::string>{"a", "c"});
        CHECK(is_corrupt(ending_of(*broker, "b")));
        look_after(*broker);  // what it weighed was another record
        CHECK(audit(*broker) == std::vector<std::string>{});
    }
    SECTION("its worker goes") {
        run(broker->retire(worker));
        CHECK(is_corrupt(ending_of(*broker, "b")));
        look_after(*broker);  // what it weighed was another record
        CHECK(audit(*broker) == std::vector<std::string>{});
        auto const other = enlist(*broker);
        CHECK(ids_of(run(broker->claim(claim_of(other, 1))).jobs) == std::set<std::string>{"a", "c"});
    }
}

TEST_CASE("runs and lives that somebody has cut short harm no others", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    std::vector<NewJob> jobs;
    for (char const* id : {"a", "b"})
        jobs.push_back(make_job(id));
    run(broker->push(std::move(jobs)));
    auto const claimed = run(broker->claim(claim_of(worker, 1))).jobs;
    REQUIRE(claimed.size() == 2);
    server.ask("HSET 'cohort:{:main}:running' a x");
    server.ask("HSET 'cohort:{:main}:lives' somebody x");

    Beat beat;
    beat.incarnation = worker;
    beat.held = {{"main", 2}};
    CHECK_FALSE(run(broker->renew(beat)).retired);
    CHECK(run(broker->inspector()->workers()).size() == 1);
    CHECK(run(broker->status({{"main", "a"}, {"main", "b"}})).at(1)->state == JobState::running);
    CHECK(audit(*broker).size() >= 1);
    std::vector<Settlement> both = success(claimed[0]);
    both.push_back(success(claimed[1]).front());
    CHECK(run(broker->settle(both)) == std::vector{Verdict::fenced, Verdict::accepted});
    // Nobody holds it: it is found when the lives are looked at.
    look_after(*broker);
    CHECK(ids_of(run(broker->claim(claim_of(worker, 2))).jobs) == std::set<std::string>{"a"});
}

TEST_CASE("a program that can read the record of a job that was set apart may send it back", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->push(one("a")));
    damage(server, "a", "string.char(2) .. r:sub(2)");
    CHECK(run(broker->claim(claim_of(worker, 1))).jobs.empty());
    CHECK(ending_of(*broker, "a").error.find("later version (2)") != std::string::npos);

    damage(server, "a", "string.char(1) .. r:sub(2)");  // as if it were that program

    CHECK(run(broker->inspector()->requeue({{"main", "a"}})) == std::vector{true});
    CHECK(run(broker->claim(claim_of(worker, 2))).jobs.size() == 1);
    CHECK(audit(*broker) == std::vector<std::string>{});
}

TEST_CASE("a record that cannot be read, and that could not be set apart, is met again", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    bool const has_others = GENERATE(false, true);
    CAPTURE(has_others);
    run(broker->push(one("a")));
    if (has_others) run(broker->push(one("b")));
    damage(server, "a", "'x'");
    server.ask("SET 'cohort:{:main}:dead' 'in the way'");

    // Whoever has been given other jobs goes on with them.
    if (has_others) {
        CHECK(ids_of(run(broker->claim(claim_of(worker, 1))).jobs) == std::set<std::string>{"b"});
    } else {
        CHECK(code_of(broker->claim(claim_of(worker, 1))) != errc::ok);
    }
    server.ask("DEL 'cohort:{:main}:dead'");
    CHECK(run(broker->status({{"main", "a"}})).at(0)->state == JobState::running);

    SECTION("by the same claim, when it comes again") {
        auto const again = run(broker->claim(claim_of(worker, 1))).jobs;
        CHECK(ids_of(again) == (has_others ? std::set<std::string>{"b"} : std::set<std::string>{}));
    }
    SECTION("by the next beat, as a stray that is handed back") {
        Beat beat;
        beat.incarnation = worker;
        beat.held = {{"main", has_others ? 1U : 0U}};
        auto const strays = run(broker->renew(beat)).strays;
        auto const stray = std::ranges::find_if(strays, [](auto const& job) { return job.ref.id == "a"; });
        REQUIRE(stray != strays.end());
        auto release = success(*stray);
        release.front().kind = SettleKind::released;
        CHECK(run(broker->settle(release)) == std::vector{Verdict::accepted});
    }
    CHECK(is_corrupt(ending_of(*broker, "a")));
    look_after(*broker);  // what it weighed was another record
    CHECK(audit(*broker) == std::vector<std::string>{});
}

TEST_CASE("a job without a place is named by the audit, and runs when it is sent back", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    auto jobs = one("a");
    auto& victim = jobs.front();
    std::string command;
    bool runs = false;
    SECTION("it waited in the list") {
        command = "DEL 'cohort:{:main}:list'";
    }
    SECTION("it waited in the list, with a unique key") {
        command = "DEL 'cohort:{:main}:list'";
        victim.unique = "k";
    }
    SECTION("it waited by its priority, and would expire") {
        command = "DEL 'cohort:{:main}:prio'";
        victim.priority = 3;
        victim.expires = 1h;
    }
    SECTION("it was delayed") {
        command = "DEL 'cohort:{:main}:due'";
        victim.delay = 1h;
    }
    SECTION("it ran") {
        command = "HDEL 'cohort:{:main}:running' a";
        runs = true;
    }
    run(broker->push(std::move(jobs)));
    run(broker->push(one("b")));
    CHECK(run(broker->inspector()->requeue({{"main", "a"}})) == std::vector{false});
    if (runs) run(broker->claim(claim_of(worker, 1)));
    server.ask(command);
    auto const found = audit(*broker);
    CHECK(std::ranges::any_of(found,
                              [](auto const& fault) { return fault.find("main/a") != std::string::npos; }));

    CHECK(run(broker->inspector()->requeue({{"main", "a"}})) == std::vector{true});

    CHECK(run(broker->inspector()->requeue({{"main", "a"}})) == std::vector{false});
    auto const claimed = run(broker->claim(claim_of(worker, 2))).jobs;
    REQUIRE(ids_of(claimed).contains("a"));
    auto const mine = std::ranges::find_if(claimed, [](auto const& job) { return job.ref.id == "a"; });
    CHECK(run(broker->settle(success(*mine))) == std::vector{Verdict::accepted});
    auto const left = audit(*broker);
    CHECK(std::ranges::none_of(left,
                               [](auto const& fault) { return fault.find("main/a") != std::string::npos; }));
}

TEST_CASE("a job without a place that is cancelled or purged leaves nothing behind in its list", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    std::vector<NewJob> jobs;
    for (char const* id : {"a", "b", "c", "d"})
        jobs.push_back(make_job(id));
    run(broker->push(std::move(jobs)));
    server.ask("LREM 'cohort:{:main}:list' 1 b");
    std::vector<JobRef> const refs{{"main", "b"}, {"main", "c"}};
    SECTION("it is cancelled, and another one that has its place") {
        CHECK(run(broker->cancel(refs)) == std::vector(2, CancelVerdict::cancelled));
        CHECK(run(broker->forget(refs)) == std::vector(2, true));
    }
    SECTION("all are purged") {
        CHECK(run(broker->inspector()->purge("main", all)) == 4);
    }
    CHECK(audit(*broker) == std::vector<std::string>{});

    std::vector<NewJob> again;
    for (char const* id : {"b", "c"})
        again.push_back(make_job(id));
    run(broker->push(std::move(again)));
    auto const claimed = ids_of(run(broker->claim(claim_of(worker, 1))).jobs);
    CHECK(claimed.contains("b"));
    CHECK(claimed.contains("c"));
    CHECK(audit(*broker) == std::vector<std::string>{});
}

TEST_CASE("a success whose result was deleted is cancelled and purged as one that has ended", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->push(one("a")));
    auto const claimed = run(broker->claim(claim_of(worker, 1))).jobs;
    run(broker->settle(success(claimed.at(0))));
    server.ask("DEL 'cohort:{:main}:results'");
    CHECK(run(broker->cancel({{"main", "a"}})) == std::vector{CancelVerdict::finished});
    CHECK(run(broker->inspector()->purge("main", all)) == 1);
    look_after(*broker);  // what it weighed had a result
    CHECK(audit(*broker) == std::vector<std::string>{});
}

TEST_CASE("a success whose result was deleted can be sent back", "[F54]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->push(one("a")));
    auto const first = run(broker->claim(claim_of(worker, 1))).jobs;
    run(broker->settle(success(first.at(0))));
    CHECK(run(broker->inspector()->requeue({{"main", "a"}})) == std::vector{false});
    server.ask("DEL 'cohort:{:main}:results'");
    CHECK(audit(*broker).size() >= 1);

    CHECK(run(broker->inspector()->requeue({{"main", "a"}})) == std::vector{true});

    auto const again = run(broker->claim(claim_of(worker, 2))).jobs;
    REQUIRE(again.size() == 1);
    CHECK(run(broker->settle(success(again.front()))) == std::vector{Verdict::accepted});
    CHECK(ending_of(*broker, "a").result == "3");
}

}  // namespace damage_test
