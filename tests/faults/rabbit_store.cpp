// SPDX-License-Identifier: MIT
#include "faults/rabbit_store.hpp"

#include "faults/ledger.hpp"

#include <cohort/open.hpp>

#include <algorithm>
#include <map>
#include <sstream>
#include <thread>

namespace faults {

namespace {

// What the ledger says of a job.
struct Tale {
    StoredJob job;
    bool is_promised = false;
    bool has_started = false;
    bool has_ended = false;
    std::map<std::string, std::string> tokens;  // of its runs, by attempt
};

bool is_end(std::string const& kind) {
    return kind == "succeeded" || kind == "failed" || kind == "cancelled";
}

std::uint32_t number(std::string const& word) {
    return static_cast<std::uint32_t>(std::stoul(word));
}

// What a body was handed came over the server.
void note_start(Tale& tale, std::vector<std::string> const& words) {
    tale.has_started = true;
    tale.tokens.emplace(words.at(1), words.at(2));
    if (tale.has_ended) return;
    StoredJob& job = tale.job;
    job.state = cohort::JobState::running;
    job.token = words.at(2);
    job.counters = {number(words.at(1)), number(words.at(4)), number(words.at(5)), number(words.at(6))};
    job.max_retries = number(words.at(7));
    job.max_lost = number(words.at(8));
}

// The first word counts, and all later ones are the same.
void note_end(Tale& tale, std::vector<std::string> const& words) {
    auto const state = cohort::parse_state(words.at(1));
    if (!state || !is_terminal(*state) || words.size() < 4) return;
    tale.has_ended = true;
    tale.job.state = *state;
    tale.job.counters.attempt = number(words[2]);
    auto const token = tale.tokens.find(words[2]);
    if (token != tale.tokens.end()) tale.job.token = token->second;
    tale.job.result = words[3];
}

bool is_open(std::pair<std::string const, Tale> const& entry) {
    Tale const& tale = entry.second;
    return !tale.has_ended && (tale.is_promised || tale.has_started);
}

std::map<std::string, Tale> tales(std::string const& ledger) {
    std::map<std::string, Tale> all;
    for (auto const& event : read_ledger(ledger)) {
        auto const& words = event.words;
        bool const is_told = event.what == "ok" || event.what == "start" || event.what == "got" ||
                             event.what == "commit" || event.what == "info";
        if (!is_told) continue;
        Tale& tale = all[words.at(0)];
        tale.job.id = words[0];
        if (event.what == "ok") tale.is_promised = true;
        if (event.what == "start") note_start(tale, words);
        if (event.what == "got") note_end(tale, words);
        // Nobody has to be there to hear it; then nobody says with what result.
        if (event.what == "commit" && is_end(words.at(1)) && words.at(2) == "accepted" && !tale.has_ended) {
            tale.has_ended = true;
            tale.job.state = *cohort::parse_state(words[1]);
            tale.job.token.clear();
        }
    }
    return all;
}

AddBackend const added_rabbit{
    "rabbitmq",
    [](StoreParams const& params) -> std::unique_ptr<Store> { return std::make_unique<RabbitStore>(params); },
    [] { return support::rabbitmq_url().empty() ? "no rabbitmq-server runs for the tests" : ""; }};

}  // namespace

RabbitStore::RabbitStore(StoreParams const& params)
    : RabbitWay{"timeout=2s"}, folder_{params.folder}, ledger_{params.ledger} {}

std::shared_ptr<cohort::Broker> RabbitStore::open() {
    return cohort::open_broker(url());
}

std::unique_ptr<Hand> RabbitStore::start_worker(WorkerSetup const& setup) {
    return start_process(setup, url(), ledger_, folder_ + "/" + setup.name + ".log");
}

std::size_t RabbitStore::messages() const {
    std::istringstream lines{support::rabbitmqctl("-q list_queues name messages")};
    std::size_t sum = 0;
    for (std::string name, count; lines >> name >> count;) {
        bool const is_of_jobs =
            name.find(":jobs:") != std::string::npos || name.find(":delay:") != std::string::npos;
        if (is_of_jobs && name.starts_with("cohort:" + space() + ":")) sum += std::stoul(count);
    }
    return sum;
}

std::vector<StoredJob> RabbitStore::read() {
    std::vector<StoredJob> jobs;
    std::vector<StoredJob> open;
    std::map<std::string, StoredJob> dead;
    auto all = tales(ledger_);
    bool const has_open = std::any_of(all.begin(), all.end(), is_open);
    // It takes seconds on a busy machine: a job that ends meanwhile is not missing.
    std::size_t const there = has_open ? messages() : 0;
    if (has_open) all = tales(ledger_);
    bool const has_failed = std::any_of(all.begin(), all.end(), [](auto const& entry) {
        return entry.second.job.state == cohort::JobState::failed;
    });
    if (has_failed) {
        for (auto& job : reader().dead(queue("dead")))
            dead[job.id] = std::move(job);
    }
    for (auto const& [id, tale] : all) {
        if (tale.has_ended && tale.job.state == cohort::JobState::failed && dead.contains(id)) {
            auto const token = tale.job.token;
            jobs.push_back(dead[id]);
            jobs.back().token = token;
        } else if (tale.has_ended) {
            jobs.push_back(tale.job);
        } else if (tale.is_promised || tale.has_started) {
            open.push_back(tale.job);
        }
    }
    // Which is which they do not say; that one is missing, they do.
    open.resize(std::min(open.size(), there));
    jobs.insert(jobs.end(), open.begin(), open.end());
    std::sort(jobs.begin(), jobs.end(), [](auto const& a, auto const& b) { return a.id < b.id; });
    return jobs;
}

std::size_t RabbitStore::unfinished() {
    auto const all = tales(ledger_);
    auto const open = std::count_if(all.begin(), all.end(), is_open);
    if (open > 0) return static_cast<std::size_t>(open);
    return reader().depth(queue("jobs")).ready;
}

std::size_t RabbitStore::enlisted() {
    return reader().depth(queue("jobs")).consumers;
}

std::string RabbitStore::dump() {
    std::string all = std::to_string(reader().depth(queue("jobs")).ready) + " wait\n";
    for (auto const& job : read()) {
        all += job.id + '|' + std::string{to_string(job.state)} + '|' + std::to_string(job.counters.attempt) +
               '|' + std::to_string(job.counters.lost) + '|' + job.token + '|' + job.result + '\n';
    }
    return all;
}

// All have ended and some are still there: they would run once more.
std::vector<std::string> RabbitStore::damage() {
    using namespace std::chrono_literals;
    auto const end = ledger_time() + 3s;
    for (;;) {
        auto const all = tales(ledger_);
        bool const is_over = std::all_of(all.begin(), all.end(), [](auto const& entry) {
            return entry.second.has_ended || !entry.second.is_promised;
        });
        auto const ready = is_over ? reader().depth(queue("jobs")).ready : 0;
        if (ready == 0) return {};
        // Workers may be busy with those that run twice.
        if (ledger_time() > end)
            return {std::to_string(ready) + " messages are left of jobs that have ended"};
        std::this_thread::sleep_for(50ms);
    }
}

}  // namespace faults
