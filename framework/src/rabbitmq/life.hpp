// SPDX-License-Identifier: MIT
// A worker's life, as far as it lives on a connection of this process: a channel, what was given to it, and
// what is on its way.
#pragma once

#include "io/alarm.hpp"
#include "rabbitmq/channel.hpp"

#include <cohort/broker.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>

namespace cohort::rabbitmq {

struct Consumer {
    std::string line;
    std::uint32_t share = 0;  // of the slots: so many deliveries at most that are not acked
    std::uint32_t out = 0;    // delivered and not acked
    bool is_ending = false;
    AnswerPtr started;                                // consume-ok
    std::chrono::steady_clock::time_point stirred{};  // when it last was given a job, or leave to have one
    bool is_owed = false;  // it was full when it got that leave: its queue most likely has more

    std::uint32_t free() const noexcept { return is_ending || out >= share ? 0 : share - out; }
};

// A delivery that waits for a claim.
struct Waiting {
    std::string line;
    Delivery delivery;
};

// A delivery that a claim was given.
struct Run {
    JobRecord record;
    std::uint64_t tag = 0;
    std::string consumer;
    bool is_settling = false;  // its outcome is on its way
};

struct Life {
    WorkerInfo worker;
    Duration heard = 0s;  // on the clock's steady time: when it last gave a sign
    ChannelPtr channel;
    std::uint64_t consumers_made = 0;
    std::map<std::string, Consumer, std::less<>> consumers;  // by tag
    std::deque<Waiting> waiting;
    Duration pace = 0s;    // how long the server lately takes from an ack to the job that follows it
    int putting_back = 0;  // of those who are at it
    bool is_deaf_to_credit = false;  // a consumer's leave could not be taken back
    std::map<JobRef, Run> runs;
    std::uint64_t last_claim = 0;
    std::set<std::string, std::less<>> gave;            // queues that gave jobs to the last claim
    std::deque<std::pair<JobRef, Settlement>> settled;  // the last ones, for reports that come twice
    bool is_claiming = false;
    std::optional<io::Alarm> rest;  // rings when nobody has claimed for a while
    std::exception_ptr end;         // it is over: closed, or null with is_over for retired
    bool is_over = false;
    io::Wake wake;  // of its claim

    // Deliveries that may still come without anybody asking.
    std::uint32_t free_shares() const noexcept {
        std::uint32_t sum = 0;
        for (auto const& [tag, consumer] : consumers)
            sum += consumer.free();
        return sum;
    }
    bool may_be_given() const noexcept { return !waiting.empty() || free_shares() > 0; }
    void returned(std::string const& consumer) {
        auto const found = consumers.find(consumer);
        if (found == consumers.end()) return;
        found->second.is_owed = found->second.is_owed || found->second.out >= found->second.share;
        --found->second.out;
        found->second.stirred = std::chrono::steady_clock::now();
    }
};
using LifePtr = std::shared_ptr<Life>;

}  // namespace cohort::rabbitmq
