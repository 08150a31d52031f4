// SPDX-License-Identifier: MIT
#include "broker/telling.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace cohort {
namespace {

constexpr std::size_t most_named = 3;

template<class Items, class QueueOf>
std::string name_queues(Items const& items, QueueOf queue_of) {
    std::vector<std::string_view> named;
    for (auto const& item : items) {
        std::string_view const queue = queue_of(item);
        if (std::find(named.begin(), named.end(), queue) == named.end()) named.push_back(queue);
    }
    if (named.empty()) return {};
    std::string text = named.size() == 1 ? "queue " : "queues ";
    for (std::size_t i = 0; i < std::min(named.size(), most_named); ++i) {
        if (i > 0) text += ", ";
        text += named[i];
    }
    if (named.size() > most_named) text += " and " + std::to_string(named.size() - most_named) + " more";
    return text;
}

// "2 stored, 1 duplicate", in the order of the names.
template<class Items, class IndexOf, std::size_t count>
std::string count_by(Items const& items, std::array<std::string_view, count> const& names, IndexOf index_of) {
    std::array<std::size_t, count> counts{};
    for (auto const& item : items)
        ++counts.at(index_of(item));
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        if (counts[i] == 0) continue;
        if (!text.empty()) text += ", ";
        text += std::to_string(counts[i]) + " " + std::string{names[i]};
    }
    return text;
}

std::string number(std::size_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string{what} + (count == 1 ? "" : "s");
}

}  // namespace

std::string queues_of(std::vector<std::string> const& queues) {
    return name_queues(queues, [](std::string const& queue) -> std::string_view { return queue; });
}
std::string queues_of(std::vector<JobRef> const& refs) {
    return name_queues(refs, [](JobRef const& ref) -> std::string_view { return ref.queue; });
}
std::string queues_of(std::vector<NewJob> const& jobs) {
    return name_queues(jobs, [](NewJob const& job) -> std::string_view { return job.ref.queue; });
}
std::string queues_of(std::vector<Settlement> const& settlements) {
    return name_queues(settlements, [](Settlement const& one) -> std::string_view { return one.ref.queue; });
}

std::string tell(std::vector<PushResult> const& results) {
    static constexpr std::array<std::string_view, 4> names{"stored", "duplicate", "refused", "uncertain"};
    return count_by(results, names,
                    [](PushResult const& one) { return static_cast<std::size_t>(one.verdict); });
}
std::string tell(std::vector<Verdict> const& verdicts) {
    static constexpr std::array<std::string_view, 3> names{"accepted", "fenced", "gone"};
    return count_by(verdicts, names, [](Verdict one) { return static_cast<std::size_t>(one); });
}
std::string tell(std::vector<CancelVerdict> const& verdicts) {
    static constexpr std::array<std::string_view, 4> names{"cancelled", "requested", "finished", "unknown"};
    return count_by(verdicts, names, [](CancelVerdict one) { return static_cast<std::size_t>(one); });
}
std::string tell(std::vector<bool> const& forgotten) {
    static constexpr std::array<std::string_view, 2> names{"not forgotten", "forgotten"};
    return count_by(forgotten, names, [](bool one) { return std::size_t{one}; });
}
std::string tell(std::vector<std::optional<JobRecord>> const& records) {
    static constexpr std::array<std::string_view, 2> names{"unknown", "found"};
    return count_by(records, names, [](auto const& one) { return std::size_t{one.has_value()}; });
}
std::string tell(std::vector<Ending> const& endings) {
    static constexpr std::array<std::string_view, 3> names{"unknown", "going on", "ended"};
    return count_by(endings, names, [](Ending const& one) {
        if (!one.known) return std::size_t{0};
        return is_terminal(one.state) ? std::size_t{2} : std::size_t{1};
    });
}
std::string tell(std::vector<EndedJob> const& ended) {
    return number(ended.size(), "end");
}
std::string tell(ClaimReply const& reply) {
    return reply.retired ? "retired" : number(reply.jobs.size(), "job");
}
std::string tell(BeatReply const& reply) {
    if (reply.retired) return "retired";
    return number(reply.cancel.size(), "job") + " to cancel, " + number(reply.strays.size(), "stray");
}
std::string tell(UpkeepReply const& reply) {
    return std::to_string(reply.promoted) + " promoted, " + std::to_string(reply.expired) + " expired, " +
           std::to_string(reply.recovered) + " recovered, " + std::to_string(reply.died) + " died, " +
           std::to_string(reply.forgotten) + " forgotten";
}

}  // namespace cohort
