// SPDX-License-Identifier: MIT
// The names of a queue's keys, all under one hash tag: they live together on a cluster.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::redis {

class Keys {
public:
    Keys(std::string_view space, std::string_view queue)
        : base_{"cohort:{" + std::string{space} + ":" + std::string{queue} + "}:"} {}

    std::string operator()(std::string_view key) const { return base_ + std::string{key}; }
    std::vector<std::string> list(std::initializer_list<std::string_view> names) const {
        std::vector<std::string> keys;
        keys.reserve(names.size());
        for (auto const name : names)
            keys.push_back((*this)(name));
        return keys;
    }
    // In the order of lua/keys.lua.
    std::vector<std::string> all() const {
        return list({"jobs", "list", "prio", "due", "expires", "running", "beats", "lives", "held", "cancels",
                     "lost", "unique", "results", "ended", "dead", "ghosts", "meta", "wake", "in"});
    }

private:
    std::string base_;
};

// The set of the names of all queues, and the channel on which a client hears of its jobs.
inline std::string queues_key(std::string_view space) {
    return "cohort:" + std::string{space} + ":queues";
}
inline std::string channel_prefix(std::string_view space) {
    return "cohort:" + std::string{space} + ":client:";
}

}  // namespace cohort::redis
