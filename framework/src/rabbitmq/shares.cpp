// SPDX-License-Identifier: MIT
#include "rabbitmq/shares.hpp"

#include <algorithm>

namespace cohort::rabbitmq {
namespace {

// Shares are moved by ending consumers, which takes a few words with the server: not for a job that is over
// in a moment.
constexpr Duration patience = 100ms;

// How many of the worker's slots are free as far as we know. Where it has more, outcomes are on their way,
// and the shares that they hold come back by themselves.
std::uint32_t known_free(Life const& life, Wish const& wish) {
    std::size_t const slots = life.worker.slots;
    if (slots < wish.limit) return wish.missing;
    std::size_t const taken = life.runs.size() + life.waiting.size();
    return static_cast<std::uint32_t>(slots > taken ? slots - taken : 0);
}

bool has(std::vector<std::string> const& lines, std::string const& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

bool has_consumer(Life const& life, std::string const& line) {
    return std::any_of(life.consumers.begin(), life.consumers.end(),
                       [&](auto const& entry) { return entry.second.line == line; });
}

// The patient would be let in beside the urgent that wait.
bool is_out_of_order(Life const& life, Wish const& wish, std::vector<std::string> const& bare) {
    if (bare.empty()) return false;
    auto const first = std::find(wish.lines.begin(), wish.lines.end(), bare.front());
    return std::any_of(first + 1, wish.lines.end(),
                       [&](std::string const& line) { return has_consumer(life, line); });
}

bool is_unfit(Life const& life, Wish const& wish) {
    for (auto const& [tag, consumer] : life.consumers) {
        if (consumer.is_ending || !has(wish.lines, consumer.line)) return true;
    }
    // More of them than lines: where nothing runs, this costs nothing to mend.
    bool const is_idle = life.runs.empty() && life.waiting.empty();
    if (is_idle && life.consumers.size() > wish.lines.size()) return true;
    return life.free_shares() > std::max(known_free(life, wish), wish.missing);
}

}  // namespace

std::uint32_t uncovered(Life const& life, Wish const& wish) {
    if (life.consumers.empty()) return wish.missing;
    auto const room = std::min(known_free(life, wish), wish.missing);
    return room - std::min(room, life.free_shares());
}

std::vector<std::string> bare_lines(Life const& life, std::vector<std::string> const& lines) {
    std::vector<std::string> bare;
    for (auto const& line : lines) {
        bool const is_covered =
            std::any_of(life.consumers.begin(), life.consumers.end(), [&](auto const& entry) {
                return entry.second.line == line && entry.second.free() > 0;
            });
        if (!is_covered) bare.push_back(line);
    }
    return bare;
}

Plan plan(Life const& life, Wish const& wish) {
    if (wish.missing == 0) return Plan::wait;
    if (is_unfit(life, wish)) return Plan::renew;
    auto const bare = bare_lines(life, wish.lines);
    if (wish.has_priorities && is_out_of_order(life, wish, bare)) return Plan::renew;
    if (uncovered(life, wish) > 0) return Plan::fill;
    bool const is_starved = !bare.empty() && life.free_shares() > 0;
    return is_starved && wish.waited >= patience ? Plan::shift : Plan::wait;
}

std::vector<std::uint32_t> divide(std::uint32_t slots, std::size_t count, std::size_t first) {
    std::vector<std::uint32_t> shares(count);
    for (std::uint32_t slot = 0; slot < slots && count > 0; ++slot)
        ++shares[(first + slot) % count];
    return shares;
}

}  // namespace cohort::rabbitmq
