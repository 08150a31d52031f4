// SPDX-License-Identifier: MIT
// Clients and workers on a RabbitMQ server of a case's own: some whose jobs are messages, and some whose jobs
// are in a file.
#pragma once

#include "e2e/e2e_jobs.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/slowness.hpp"

#include <cohort/client.hpp>
#include <cohort/open.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace rabbitmq_scene {

using namespace std::chrono_literals;

using Clock = std::chrono::steady_clock;

inline bool is_skipped() {
    if (!support::rabbitmq_url().empty()) return false;
    std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";
    return true;
}

struct Crew {
    // `words` are more of a worker's command line.
    Crew(std::string const& url, int count, std::vector<std::string> const& words = {})
        : command{support::program("e2e_worker"), "--broker", url, "--concurrency", "4"} {
        command.insert(command.end(), words.begin(), words.end());
        for (int i = 0; i < count; ++i)
            add();
    }
    void add() { workers.emplace_back(command, directory.file("worker.log")); }
    // What they have said, all of them.
    std::string said() const {
        std::ifstream log{directory.file("worker.log")};
        return {std::istreambuf_iterator<char>{log}, {}};
    }
    bool is_alive() {
        return std::ranges::all_of(workers, [](auto& worker) { return worker.wait(0) == -1; });
    }

    std::vector<std::string> command;
    support::TempDir directory;
    std::deque<support::Process> workers;
};

inline std::size_t lines_of(std::string const& text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// Enqueues until it is told to stop; what is confirmed is kept, and nothing else.
struct Load {
    Load(cohort::Client& its_client, int its_millis) : client{its_client}, millis{its_millis} {}

    cohort::awaitable<void> push(int count) {
        for (int i = 0; i < count; ++i) {
            int const n = next++;
            auto const begun = Clock::now();
            try {
                auto job = co_await client.enqueue_job<e2e::twice>({.max_lost = 100}, n, millis);
                jobs.push_back(std::move(job));
                numbers.push_back(n);
            } catch (cohort::Error const& error) {
                ++refused;
                code = error.which();
                words += error.what() + std::string{"\n"};
            }
            longest = std::max(longest, Clock::now() - begun);
        }
    }
    // Every job that was confirmed has its result.
    cohort::awaitable<void> collect() {
        int wrong = 0;
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            int const result = co_await jobs[i].result(40s);
            if (result != 2 * numbers[i]) ++wrong;
        }
        CHECK(wrong == 0);
    }

    cohort::Client& client;
    int const millis;
    int next = 0;
    std::vector<cohort::Job<int>> jobs;
    std::vector<int> numbers;
    int refused = 0;
    cohort::errc code = cohort::errc::ok;  // of the last one that was refused
    std::string words;                     // what was said of those
    Clock::duration longest{};             // that an enqueue has taken
};

// The longest pause between two attempts to connect, and what a job takes.
inline constexpr auto longest_return = 15s;

// How long it takes until a job that is pushed from now on has its result.
inline cohort::awaitable<Clock::duration> until_one_ends(Load& load) {
    auto const begun = Clock::now();
    std::size_t const before = load.jobs.size();
    while (load.jobs.size() == before && Clock::now() < begun + longest_return) {
        co_await load.push(1);
        // Not all that are refused have waited.
        if (load.jobs.size() == before) co_await cohort::sleep_for(50ms);
    }
    co_await load.collect();
    CHECK(load.jobs.size() == before + 1);
    co_return Clock::now() - begun;
}

// One client, and its workers.
struct Side {
    Side(std::string its_name, std::string its_url, int workers, int millis,
         std::vector<std::string> const& words)
        : name{std::move(its_name)}, url{std::move(its_url)}, client{url}, crew{url, workers, words},
          load{client, millis} {}

    bool has_store() const { return url.find("&store=") != std::string::npos; }

    std::string const name;
    std::string const url;
    cohort::Client client;
    Crew crew;
    Load load;
};

struct Both {
    // `login` is what a URL begins with: "amqp://user:password@host:port".
    // `parameters` are those of both sides, `words` more of a worker's command line.
    Both(std::string const& login, int workers, int millis, std::string const& parameters = "?timeout=1s",
         std::vector<std::string> const& words = {}) {
        std::string const both = login + parameters;
        sides.emplace_back("without a store", both + "&namespace=plain", workers, millis, words);
        sides.emplace_back("with a store",
                           both + "&namespace=stored&poll=1s&store=sqlite:" + directory.file("jobs.db"),
                           workers, millis, words);
    }

    // RabbitMQ notes a new queue on its disk half a second after it was made (docs/brokers/rabbitmq.md).
    cohort::awaitable<void> settle_in() {
        for (Side& side : sides) {
            co_await side.load.push(1);
            co_await side.load.collect();
        }
        co_await cohort::sleep_for(1500ms);
    }
    cohort::awaitable<void> push(int count) {
        for (Side& side : sides)
            co_await side.load.push(count);
    }
    // All that was confirmed has its result, and who comes now soon has it too.
    cohort::awaitable<void> check_works() {
        for (Side& side : sides) {
            INFO(side.name);
            auto const took = co_await until_one_ends(side.load);
            CHECK(took < longest_return);
            CHECK(side.crew.is_alive());
        }
    }

    support::TempDir directory;
    std::deque<Side> sides;
};

// The two words of each line of one of the server's lists.
inline std::map<std::string, std::string> pairs(support::RabbitServer const& server,
                                                std::string const& list) {
    std::istringstream lines{server.ctl("-q " + list)};
    std::map<std::string, std::string> all;
    for (std::string line; std::getline(lines, line);) {
        auto const tab = line.find('\t');
        if (tab != line.npos) all[line.substr(0, tab)] = line.substr(tab + 1);
    }
    return all;
}

// How many consumers the queues whose names hold `part` have, by the process that each belongs to.
inline std::map<pid_t, int> consumers(support::RabbitServer const& server, std::string_view part) {
    auto const channels = pairs(server, "list_channels pid connection");
    auto const connections = pairs(server, "list_connections pid client_properties");
    std::istringstream lines{server.ctl("-q list_consumers queue_name channel_pid")};
    std::map<pid_t, int> counts;
    for (std::string queue, channel; lines >> queue >> channel;) {
        if (queue.find(part) == queue.npos) continue;
        auto const connection = channels.find(channel);
        auto const found =
            connection == channels.end() ? connections.end() : connections.find(connection->second);
        // Of one whose connection is gone, nobody knows whose it was.
        constexpr std::string_view mark = "\"cohort-";
        auto const at = found == connections.end() ? std::string::npos : found->second.find(mark);
        ++counts[at == std::string::npos ? 0 : std::stoi(found->second.substr(at + mark.size()))];
    }
    return counts;
}

// Each worker of this side, and nobody else, has one consumer.
inline bool has_one_each(support::RabbitServer const& server, Side& side) {
    std::map<pid_t, int> one_each;
    for (auto const& worker : side.crew.workers)
        one_each[worker.pid()] = 1;
    auto const part = side.has_store() ? ":stored:tickets:" : ":plain:jobs:";
    auto const until = Clock::now() + longest_return;
    for (;;) {
        auto const counts = consumers(server, part);
        if (counts == one_each) return true;
        if (Clock::now() < until) continue;
        for (auto const& [pid, count] : counts)
            UNSCOPED_INFO("process " << pid << " has " << count);
        if (counts.empty()) UNSCOPED_INFO("nobody has any");
        return false;
    }
}

inline void check_one_each(support::RabbitServer const& server, Both& both) {
    for (Side& side : both.sides) {
        INFO(side.name);
        CHECK(has_one_each(server, side));
    }
}

}  // namespace rabbitmq_scene
