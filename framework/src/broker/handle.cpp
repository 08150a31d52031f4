// SPDX-License-Identifier: MIT
#include "broker/desk.hpp"

#include <cohort/handle.hpp>

namespace cohort {

namespace {

std::string sentence(JobRef const& ref, Ending const& ending) {
    std::string text = "job " + to_string(ref);
    switch (ending.state) {
    case JobState::cancelled:
        return text + " was cancelled";
    case JobState::expired:
        return text + " expired: it did not start in time";
    default:
        break;
    }
    text +=
        " failed after " + std::to_string(ending.attempt) + (ending.attempt == 1 ? " attempt" : " attempts");
    text += " (" + std::string{to_string(ending.reason)} + ")";
    if (!ending.error.empty()) text += ": " + ending.error;
    return text;
}

Error not_found(JobRef const& ref) {
    return Error{errc::job_not_found,
                 "\"" + to_string(ref) + "\" is unknown, or its result is no longer kept"};
}

Desk& open_desk(std::shared_ptr<Desk> const& desk) {
    if (!desk) throw Error{errc::closed, "this handle belongs to no client"};
    return *desk;
}

}  // namespace

JobEnded::JobEnded(JobRef ref, Ending ending)
    : std::runtime_error{sentence(ref, ending)}, ref_{std::move(ref)}, ending_{std::move(ending)} {}

namespace detail {

awaitable<Ending> wait_ending(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    open_desk(desk);
    if (timeout <= 0s)
        throw Error{errc::invalid_timeout,
                    to_string(timeout) + "; must be more than 0 (no_timeout waits for ever)"};
    std::vector<JobRef> refs{ref};
    auto const completions = desk->wait_for(std::move(refs));
    std::optional<std::size_t> index;
    try {
        index = co_await completions->next(timeout);
    } catch (...) {
        desk->forget(*completions);
        throw;
    }
    desk->forget(*completions);
    if (!index) {
        throw Error{errc::timed_out, "job " + to_string(ref) + " has not ended within " + to_string(timeout) +
                                         "; it goes on" + desk->trouble()};
    }
    Ending ending = std::move(completions->ending(0));
    if (!ending.known) throw not_found(ref);
    co_return ending;
}

namespace {

std::string success_of(JobRef ref, Ending ending) {
    switch (ending.state) {
    case JobState::succeeded:
        return std::move(ending.result);
    case JobState::cancelled:
        throw JobCancelled{std::move(ref), std::move(ending)};
    case JobState::expired:
        throw JobExpired{std::move(ref), std::move(ending)};
    default:
        throw JobFailed{std::move(ref), std::move(ending)};
    }
}

}  // namespace

awaitable<std::string> text_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    Ending ending = co_await wait_ending(std::move(desk), ref, timeout);
    co_return success_of(std::move(ref), std::move(ending));
}

awaitable<std::string> take_text_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    std::string text = co_await text_result(desk, ref, timeout);
    auto& front = open_desk(desk).front();
    std::vector<JobRef> refs{std::move(ref)};
    co_await front.forget(std::move(refs));
    co_return text;
}

awaitable<std::optional<std::string>> text_result_so_far(std::shared_ptr<Desk> desk, JobRef ref) {
    auto& front = open_desk(desk).front();
    std::vector<JobRef> refs{ref};
    std::vector<Ending> endings = co_await front.results(std::move(refs));
    std::optional<std::string> text;
    if (!endings[0].known) throw not_found(ref);
    if (is_terminal(endings[0].state))
        text = success_of(std::move(ref), fit_for_people(std::move(endings[0])));
    co_return text;
}

awaitable<bool> has_ended(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    bool in_time = true;
    try {
        co_await wait_ending(std::move(desk), std::move(ref), timeout);
    } catch (Error const& error) {
        if (error.which() != errc::timed_out) throw;
        in_time = false;
    }
    co_return in_time;
}

awaitable<std::optional<JobRecord>> status(std::shared_ptr<Desk> desk, JobRef ref) {
    auto& front = open_desk(desk).front();
    std::optional<JobRecord> record = co_await front.status(std::move(ref));
    co_return record;
}

awaitable<CancelVerdict> cancel(std::shared_ptr<Desk> desk, JobRef ref) {
    auto& front = open_desk(desk).front();
    CancelVerdict const verdict = co_await front.cancel(std::move(ref));
    co_return verdict;
}

}  // namespace detail

awaitable<std::optional<JobRecord>> JobHandle::status() const {
    return detail::status(desk_, ref_);
}
awaitable<CancelVerdict> JobHandle::cancel() const {
    return detail::cancel(desk_, ref_);
}

}  // namespace cohort
