// SPDX-License-Identifier: MIT
#include "broker/desk.hpp"

#include <cohort/handle.hpp>

#include <boost/asio/this_coro.hpp>

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

namespace {

// One coroutine waits for the end of one job: until is_over(), it awaits woken().
class EndOfOne {
public:
    EndOfOne(std::shared_ptr<Desk>&& desk, JobRef&& ref, Duration timeout,
             boost::asio::any_io_executor const& executor)
        : desk_{std::move(desk)}, timeout_{checked(timeout)},
          completions_{open_desk(desk_).wait_for(refs_of(std::move(ref)))},
          limit_{completions_->woken(), executor, timeout} {}
    ~EndOfOne() {
        if (!is_known_) desk_->forget(*completions_);
    }
    EndOfOne(EndOfOne const&) = delete;
    EndOfOne& operator=(EndOfOne const&) = delete;

    io::Wake const& woken() const noexcept { return completions_->woken(); }
    bool is_over() {
        is_known_ = completions_->next_at_hand().has_value();
        return is_known_ || limit_.has_passed();
    }
    JobRef const& ref() const noexcept { return completions_->refs().front(); }
    Ending take() {
        if (!is_known_) {
            throw Error{errc::timed_out, "job " + to_string(ref()) + " has not ended within " +
                                             to_string(timeout_) + "; it goes on" + desk_->trouble()};
        }
        Ending ending = std::move(completions_->ending(0));
        if (!ending.known) throw not_found(ref());
        return ending;
    }

private:
    static Duration checked(Duration timeout) {
        if (timeout > 0s) return timeout;
        throw Error{errc::invalid_timeout,
                    to_string(timeout) + "; must be more than 0 (no_timeout waits for ever)"};
    }
    static Completions::Refs refs_of(JobRef&& ref) {
        Completions::Refs refs;
        refs.push_back(std::move(ref));
        return refs;
    }

    std::shared_ptr<Desk> const desk_;
    Duration const timeout_;
    std::shared_ptr<Completions> const completions_;
    io::Wake::Limit const limit_;
    bool is_known_ = false;
};

}  // namespace

awaitable<Ending> wait_ending(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    open_desk(desk);
    auto executor = co_await boost::asio::this_coro::executor;
    EndOfOne end{std::move(desk), std::move(ref), timeout, executor};
    while (!end.is_over()) {
        bool const woken = co_await end.woken().wait_quietly();
        if (!woken) throw_operation_aborted();
    }
    co_return end.take();
}

namespace {

Text success_of(JobRef const& ref, Ending&& ending) {
    switch (ending.state) {
    case JobState::succeeded:
        return std::move(ending.result);
    case JobState::cancelled:
        throw JobCancelled{ref, std::move(ending)};
    case JobState::expired:
        throw JobExpired{ref, std::move(ending)};
    default:
        throw JobFailed{ref, std::move(ending)};
    }
}

}  // namespace

awaitable<Text> text_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    open_desk(desk);
    auto executor = co_await boost::asio::this_coro::executor;
    EndOfOne end{std::move(desk), std::move(ref), timeout, executor};  // not by wait_ending(): a frame less
    while (!end.is_over()) {
        bool const woken = co_await end.woken().wait_quietly();
        if (!woken) throw_operation_aborted();
    }
    co_return success_of(end.ref(), end.take());
}

awaitable<Text> take_text_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    Text text = co_await text_result(desk, ref, timeout);
    auto& front = open_desk(desk).front();
    Listed const listed{desk->operations(), Doing::forget, ref};
    std::vector<JobRef> refs{ref};
    co_await front.forget(std::move(refs));
    co_return text;
}

awaitable<std::optional<Text>> text_result_so_far(std::shared_ptr<Desk> desk, JobRef ref) {
    auto& front = open_desk(desk).front();
    std::optional<Text> text;
    if (!front.broker().capabilities().status) {
        Completions::Refs one;
        one.push_back(ref);
        auto const heard = desk->wait_for(std::move(one));
        desk->forget(*heard);
        if (heard->next_at_hand()) text = success_of(ref, std::move(heard->ending(0)));
        co_return text;
    }
    Listed const listed{desk->operations(), Doing::read, ref};
    std::vector<JobRef> refs{ref};
    std::vector<Ending> endings = co_await front.results(std::move(refs));
    if (!endings[0].known) throw not_found(ref);
    make_fit_for_people(endings[0]);
    if (is_terminal(endings[0].state)) text = success_of(ref, std::move(endings[0]));
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
    Listed const listed{desk->operations(), Doing::read, ref};
    JobRef wanted = ref;
    std::optional<JobRecord> record = co_await front.status(std::move(wanted));
    co_return record;
}

awaitable<CancelVerdict> cancel(std::shared_ptr<Desk> desk, JobRef ref) {
    auto& front = open_desk(desk).front();
    Listed const listed{desk->operations(), Doing::cancel, ref};
    JobRef unwanted = ref;
    CancelVerdict const verdict = co_await front.cancel(std::move(unwanted));
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
