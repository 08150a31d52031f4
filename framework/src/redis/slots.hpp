// SPDX-License-Identifier: MIT
// Which node of a cluster has which keys, as far as is known here.
#pragma once

#include "redis/resp.hpp"

#include <cohort/url.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::redis {

struct Node {
    std::string host;  // "": the only one
    std::uint16_t port = 0;
    auto operator<=>(Node const&) const = default;
};

inline constexpr std::size_t slot_count = 16384;

// Of what is between the first "{" and the next "}", where there is something; else of all.
std::uint16_t slot_of(std::string_view key) noexcept;

// "MOVED 3999 127.0.0.1:6381" and "ASK …": another node has the key. Without a host it is that of the node
// which said so.
struct Redirection {
    std::uint16_t slot = 0;
    Node node;
};
std::optional<Redirection> read_redirection(std::string_view text, std::string_view word, Node const& from);

// Thread-safe.
class Slots {
public:
    explicit Slots(std::vector<Host> const& seeds);

    std::optional<Node> owner(std::uint16_t slot) const;
    // Those that own slots, and those that the URL names.
    std::vector<Node> nodes() const;

    // One slot is elsewhere: others may be, too.
    void move(Redirection const& redirection);
    // Something went wrong that another map may explain.
    void doubt() noexcept;
    // True for one caller at a time, where there is no map or it is doubted, and the last look is not so
    // near. It must end it.
    bool begin_look();
    void end_look() noexcept;
    bool is_known() const;
    // The answer to CLUSTER SLOTS of a node. False where it says nothing of use.
    bool take(View answer, Node const& from);
    // A node has got other slots than it had, since the first map.
    std::chrono::steady_clock::time_point last_change() const;

private:
    using Time = std::chrono::steady_clock::time_point;
    std::uint16_t number_of(Node const& node);

    mutable std::mutex mutex_;
    std::vector<Node> const seeds_;
    std::vector<Node> nodes_;            // all that were ever owners
    std::vector<std::uint16_t> owners_;  // by slot: 1 + the index of its node; 0 = none
    bool is_known_ = false;
    bool is_doubted_ = true;
    bool is_looking_ = false;
    Time last_look_ = Time::min();
    Time last_change_ = Time::min();
};

}  // namespace cohort::redis
