// SPDX-License-Identifier: MIT
// The spellings of a record's parts.
#include <cohort/record.hpp>

#include <array>

namespace cohort {
namespace {

constexpr std::array all_reasons{FailReason::none,        FailReason::exception,    FailReason::timeout,
                                 FailReason::worker_lost, FailReason::unknown_job,  FailReason::bad_payload,
                                 FailReason::bad_result,  FailReason::corrupt_state};

}  // namespace

std::string_view to_string(JobState state) noexcept {
    switch (state) {
    case JobState::scheduled:
        return "scheduled";
    case JobState::queued:
        return "queued";
    case JobState::running:
        return "running";
    case JobState::retrying:
        return "retrying";
    case JobState::succeeded:
        return "succeeded";
    case JobState::failed:
        return "failed";
    case JobState::cancelled:
        return "cancelled";
    case JobState::expired:
        return "expired";
    }
    return "unknown";
}

std::optional<JobState> parse_state(std::string_view text) noexcept {
    for (JobState state : all_states) {
        if (to_string(state) == text) return state;
    }
    return std::nullopt;
}

std::string_view to_string(FailReason reason) noexcept {
    switch (reason) {
    case FailReason::none:
        return "none";
    case FailReason::exception:
        return "exception";
    case FailReason::timeout:
        return "timeout";
    case FailReason::worker_lost:
        return "worker_lost";
    case FailReason::unknown_job:
        return "unknown_job";
    case FailReason::bad_payload:
        return "bad_payload";
    case FailReason::bad_result:
        return "bad_result";
    case FailReason::corrupt_state:
        return "corrupt_state";
    }
    return "unknown";
}

std::optional<FailReason> parse_reason(std::string_view text) noexcept {
    for (FailReason reason : all_reasons) {
        if (to_string(reason) == text) return reason;
    }
    return std::nullopt;
}

std::string to_string(JobRef const& ref) {
    return ref.queue + "/" + ref.id;
}

std::optional<JobRef> parse_ref(std::string_view text) {
    // Neither part may hold a slash; the first one decides, so that a bad id is refused as such later.
    auto const slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return std::nullopt;
    return JobRef{std::string{text.substr(0, slash)}, std::string{text.substr(slash + 1)}};
}

std::size_t JobRefHash::operator()(JobRef const& ref) const noexcept {
    // Ids are rarely the same in two queues: then their names need not be read.
    return ref.id.hash() + ref.queue.size();
}

std::string to_string(Token const& token) {
    return token.incarnation + ":" + std::to_string(token.claim);
}

}  // namespace cohort
