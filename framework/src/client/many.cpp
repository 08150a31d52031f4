// SPDX-License-Identifier: MIT
// Waiting for several jobs at once.
#include "broker/desk.hpp"
#include "io/alarm.hpp"

#include <cohort/client.hpp>

#include <boost/asio/this_coro.hpp>

namespace cohort {

namespace {

std::shared_ptr<Desk> common_desk(std::vector<JobHandle> const& jobs) {
    std::shared_ptr<Desk> desk;
    for (auto const& job : jobs) {
        if (!job.desk() || (desk && job.desk() != desk)) {
            throw Error{errc::invalid_config, "jobs that are awaited together must be of one client"};
        }
        desk = job.desk();
    }
    return desk;
}

Completions::Refs refs_of(std::vector<JobHandle> const& jobs) {
    Completions::Refs refs;
    refs.reserve(jobs.size());
    for (auto const& job : jobs)
        refs.push_back(job.ref());
    return refs;
}

void check_timeout(Duration timeout) {
    if (timeout <= 0s) throw Error{errc::invalid_timeout, to_string(timeout) + "; must be more than 0"};
}

}  // namespace

struct AsCompleted::State {
    explicit State(std::vector<JobHandle> const& jobs) : desk{common_desk(jobs)}, refs{refs_of(jobs)} {}
    ~State() {
        if (completions) desk->forget(*completions);
    }

    std::shared_ptr<Desk> desk;
    Completions::Refs refs;
    std::shared_ptr<Completions> completions;
};

AsCompleted::AsCompleted(std::vector<JobHandle> jobs) : state_{std::make_unique<State>(jobs)} {}
AsCompleted::~AsCompleted() = default;
AsCompleted::AsCompleted(AsCompleted&&) noexcept = default;
AsCompleted& AsCompleted::operator=(AsCompleted&&) noexcept = default;

std::size_t AsCompleted::left() const noexcept {
    return state_->completions ? state_->completions->left() : state_->refs.size();
}

Ending const& AsCompleted::ending(std::size_t index) const {
    return state_->completions->ending(index);
}

awaitable<std::size_t> AsCompleted::next(Duration timeout) {
    check_timeout(timeout);
    auto& state = *state_;
    if (left() == 0) throw Error{errc::job_not_found, "all jobs have been given already"};
    if (!state.completions) {
        auto refs = state.refs;
        state.completions = state.desk->wait_for(std::move(refs));
    }
    std::optional<std::size_t> const index = co_await state.completions->next(timeout);
    if (!index) {
        throw Error{errc::timed_out, "none of " + std::to_string(left()) + " jobs has ended within " +
                                         to_string(timeout) + state.desk->trouble()};
    }
    if (!state.completions->ending(*index).known) {
        throw Error{errc::job_not_found,
                    "\"" + to_string(state.refs[*index]) + "\" is unknown, or its result is no longer kept"};
    }
    co_return *index;
}

namespace detail {

awaitable<std::vector<Ending>> wait_endings(std::vector<JobHandle> jobs, Duration timeout) {
    std::vector<Ending> endings(jobs.size());
    auto executor = co_await boost::asio::this_coro::executor;
    auto const until = add(Instant{io::steady_now(executor)}, timeout);
    if (jobs.empty()) co_return endings;
    AsCompleted done{std::move(jobs)};
    while (done.left() > 0) {
        auto const rest = timeout == no_timeout ? no_timeout : until - Instant{io::steady_now(executor)};
        auto const at_least = std::max(rest, Duration{1});
        std::size_t const index = co_await done.next(at_least);
        endings[index] = done.ending(index);
    }
    co_return endings;
}

}  // namespace detail

}  // namespace cohort
