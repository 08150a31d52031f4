// SPDX-License-Identifier: MIT
#include "broker/front.hpp"

#include "base/failpoint.hpp"
#include "broker/telling.hpp"
#include "io/aborted.hpp"
#include "io/timeout.hpp"

#include <cohort/log.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace cohort {

namespace {

constexpr std::string_view names[verb_count] = {"push",   "enlist", "renew",   "retire", "claim",  "settle",
                                                "cancel", "status", "results", "watch",  "upkeep", "forget"};

// What a caller can do with it is in the code; where it came from is in the text.
std::exception_ptr explained(std::exception_ptr error, Verb verb, std::string_view broker, Duration limit) {
    if (io::is_aborted(error)) return error;
    std::string const where = std::string{to_string(verb)} + " on " + std::string{broker} + ": ";
    try {
        std::rethrow_exception(error);
    } catch (Error const& e) {
        // The broker gave the operation back untouched when its time was up: nothing happened.
        if (e.which() == errc::timed_out) {
            return std::make_exception_ptr(Error{
                errc::unavailable, where + "no answer within " + to_string(limit) + "; nothing was changed"});
        }
        return std::make_exception_ptr(Error{e.which(), where + e.detail()});
    } catch (std::exception const& e) {
        return std::make_exception_ptr(Error{errc::unavailable, where + e.what()});
    } catch (...) {
        return std::make_exception_ptr(Error{errc::unavailable, where + "failed for an unknown reason"});
    }
}

std::string text_of(std::exception_ptr const& error) {
    try {
        std::rethrow_exception(error);
    } catch (std::exception const& e) {
        return e.what();
    } catch (...) {
        return "unknown";
    }
}

// Awaitables of nothing cannot be kept in an optional: they carry this instead.
struct Done {};

awaitable<Done> done(awaitable<void> call) {
    co_await std::move(call);
    co_return Done{};
}
std::string tell(Done) {
    return "done";
}

// What a verb is about, where that will be said.
template<class Items>
std::string subject_of(Items const& items) {
    return is_logged(LogLevel::debug) ? queues_of(items) : std::string{};
}

}  // namespace

void throw_operation_aborted() {
    throw boost::system::system_error{boost::asio::error::operation_aborted};
}

std::string_view to_string(Verb verb) noexcept {
    return names[static_cast<std::size_t>(verb)];
}

Front::Front(std::shared_ptr<Broker> broker, Duration deadline)
    : broker_{std::move(broker)}, deadline_{deadline},
      pushes_{[this](std::vector<NewJob> jobs) {
                  auto const n = jobs.size();
                  auto subject = subject_of(jobs);
                  return pass(Verb::push, n, std::move(subject), broker_->push(std::move(jobs)), deadline_,
                              true);
              },
              most_per_call, broker_->capabilities().pushes_at_once},
      statuses_{[this](std::vector<JobRef> refs) {
                    auto const n = refs.size();
                    auto subject = subject_of(refs);
                    return pass(Verb::status, n, std::move(subject), broker_->status(std::move(refs)),
                                deadline_, true);
                },
                most_per_call},
      cancels_{[this](std::vector<JobRef> refs) {
                   auto const n = refs.size();
                   auto subject = subject_of(refs);
                   return pass(Verb::cancel, n, std::move(subject), broker_->cancel(std::move(refs)),
                               deadline_, true);
               },
               most_per_call} {}

template<class T>
awaitable<T> Front::pass(Verb verb, std::size_t items, std::string about, awaitable<T> call, Duration limit,
                         bool shielded) {
    auto const begun = system_clock().steady();
    std::exception_ptr error;
    try {
        failpoint(to_string(verb), "before_send");
        auto timed = shielded ? io::with_timeout_shielded(std::move(call), limit)
                              : io::with_timeout(std::move(call), limit);
        T reply = co_await std::move(timed);
        failpoint(to_string(verb), "sent_no_reply");
        auto const took = system_clock().steady() - begun;
        count(verb, items, took, false);
        if (is_logged(LogLevel::debug)) say(verb, items, about, tell(reply), took);
        co_return reply;
    } catch (...) {
        error = explained(std::current_exception(), verb, broker_->name(), limit);
    }
    auto const took = system_clock().steady() - begun;
    count(verb, items, took, true);
    if (is_logged(LogLevel::debug)) say(verb, items, about, text_of(error), took);
    std::rethrow_exception(error);
}

void Front::count(Verb verb, std::size_t items, Duration took, bool has_failed) {
    auto& stats = stats_[static_cast<std::size_t>(verb)];
    stats.calls.fetch_add(1, std::memory_order_relaxed);
    stats.items.fetch_add(items, std::memory_order_relaxed);
    stats.micros.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
    if (has_failed) stats.errors.fetch_add(1, std::memory_order_relaxed);
}

void Front::say(Verb verb, std::size_t items, std::string const& about, std::string_view reply,
                Duration took) const {
    std::string line{to_string(verb)};
    line += " of " + std::to_string(items);
    if (!about.empty()) line += " (" + about + ")";
    line += " on " + std::string{broker_->name()} + ": " + std::string{reply} + " (" + to_string(took) + ")";
    log(LogLevel::debug, one_line(line));
}

awaitable<PushResult> Front::push(std::shared_ptr<Push> job) {
    return pushes_.ask(std::move(job));
}
awaitable<std::optional<JobRecord>> Front::status(JobRef ref) {
    return statuses_.ask(std::move(ref));
}
awaitable<CancelVerdict> Front::cancel(JobRef ref) {
    return cancels_.ask(std::move(ref));
}

namespace {

// The next `most_per_call` of them, moved out.
template<class Item>
std::vector<Item> cut(std::vector<Item>& items, std::size_t from) {
    auto const to = std::min(items.size(), from + Front::most_per_call);
    auto const begin = items.begin() + static_cast<std::ptrdiff_t>(from);
    auto const end = items.begin() + static_cast<std::ptrdiff_t>(to);
    return {std::make_move_iterator(begin), std::make_move_iterator(end)};
}

}  // namespace

template<class Item, class Reply>
awaitable<std::vector<Reply>>
Front::in_one(std::vector<Item> items, Verb verb,
              awaitable<std::vector<Reply>> (Broker::*call)(std::vector<Item>)) {
    auto const count = items.size();
    auto subject = subject_of(items);
    return pass(verb, count, std::move(subject), (broker_.get()->*call)(std::move(items)), deadline_, false);
}

template<class Item, class Reply>
awaitable<std::vector<Reply>>
Front::in_pieces(std::vector<Item> items, Verb verb,
                 awaitable<std::vector<Reply>> (Broker::*call)(std::vector<Item>)) {
    std::vector<Reply> all;
    all.reserve(items.size());
    for (std::size_t from = 0; from < items.size(); from += most_per_call) {
        auto passed = in_one(cut(items, from), verb, call);
        std::vector<Reply> replies = co_await std::move(passed);
        std::move(replies.begin(), replies.end(), std::back_inserter(all));
    }
    co_return all;
}

// A piece that fails says so for each of its jobs, so that the caller knows what became of the others.
awaitable<std::vector<PushResult>> Front::push_piece(std::vector<NewJob> jobs) {
    PushResult failed;
    auto const count = jobs.size();
    try {
        auto subject = subject_of(jobs);
        auto passed =
            pass(Verb::push, count, std::move(subject), broker_->push(std::move(jobs)), deadline_, false);
        std::vector<PushResult> results = co_await std::move(passed);
        co_return results;
    } catch (Error const& error) {
        failed.verdict = error.which() == errc::uncertain ? PushVerdict::uncertain : PushVerdict::refused;
        failed.code = error.which();
        failed.detail = error.detail();
    }
    co_return std::vector<PushResult>(count, failed);
}

awaitable<std::vector<PushResult>> Front::push(std::vector<NewJob> jobs) {
    std::vector<PushResult> all;
    all.reserve(jobs.size());
    for (std::size_t from = 0; from < jobs.size(); from += most_per_call) {
        auto piece = cut(jobs, from);
        std::vector<PushResult> results = co_await push_piece(std::move(piece));
        std::move(results.begin(), results.end(), std::back_inserter(all));
    }
    co_return all;
}

awaitable<std::vector<Ending>> Front::results(std::vector<JobRef> refs) {
    return in_pieces(std::move(refs), Verb::results, &Broker::results);
}
awaitable<std::vector<bool>> Front::forget(std::vector<JobRef> refs) {
    return in_pieces(std::move(refs), Verb::forget, &Broker::forget);
}
awaitable<std::vector<Verdict>> Front::settle(std::vector<Settlement> settlements) {
    if (!settlements.empty() && settlements.size() <= most_per_call)
        return in_one(std::move(settlements), Verb::settle, &Broker::settle);
    return in_pieces(std::move(settlements), Verb::settle, &Broker::settle);
}

awaitable<void> Front::enlist(WorkerInfo worker) {
    auto subject = subject_of(worker.queues);
    auto call = done(broker_->enlist(std::move(worker)));
    co_await pass(Verb::enlist, 1, std::move(subject), std::move(call), deadline_, false);
}

awaitable<BeatReply> Front::renew(Beat beat) {
    return pass(Verb::renew, 1, {}, broker_->renew(std::move(beat)), deadline_, false);
}

awaitable<void> Front::retire(std::string incarnation) {
    std::string subject;
    auto call = done(broker_->retire(std::move(incarnation)));
    co_await pass(Verb::retire, 1, std::move(subject), std::move(call), deadline_, false);
}

awaitable<ClaimReply> Front::claim(ClaimParams params) {
    auto const limit = deadline_ + params.wait;
    auto const n = params.limit;
    auto subject = subject_of(params.queues);
    return pass(Verb::claim, n, std::move(subject), broker_->claim(std::move(params)), limit, false);
}

awaitable<std::vector<EndedJob>> Front::watch(WatchParams params) {
    auto const limit = deadline_ + params.wait;
    return pass(Verb::watch, 1, {}, broker_->watch(std::move(params)), limit, false);
}

awaitable<UpkeepReply> Front::upkeep(UpkeepParams params) {
    auto const n = params.queues.size();
    auto subject = subject_of(params.queues);
    return pass(Verb::upkeep, n, std::move(subject), broker_->upkeep(std::move(params)), deadline_, false);
}

}  // namespace cohort
