// SPDX-License-Identifier: MIT
#include "broker/front.hpp"

#include "base/failpoint.hpp"
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
                  return pass(Verb::push, n, broker_->push(std::move(jobs)), deadline_, true);
              },
              most_per_call},
      statuses_{[this](std::vector<JobRef> refs) {
                    auto const n = refs.size();
                    return pass(Verb::status, n, broker_->status(std::move(refs)), deadline_, true);
                },
                most_per_call},
      cancels_{[this](std::vector<JobRef> refs) {
                   auto const n = refs.size();
                   return pass(Verb::cancel, n, broker_->cancel(std::move(refs)), deadline_, true);
               },
               most_per_call} {}

template<class T>
awaitable<T> Front::pass(Verb verb, std::size_t items, awaitable<T> call, Duration limit, bool shielded) {
    auto const begun = system_clock().steady();
    std::exception_ptr error;
    try {
        failpoint(to_string(verb), "before_send");
        auto timed = shielded ? io::with_timeout_shielded(std::move(call), limit)
                              : io::with_timeout(std::move(call), limit);
        T reply = co_await std::move(timed);
        failpoint(to_string(verb), "sent_no_reply");
        count(verb, items, system_clock().steady() - begun, {});
        co_return reply;
    } catch (...) {
        error = explained(std::current_exception(), verb, broker_->name(), limit);
    }
    count(verb, items, system_clock().steady() - begun, text_of(error));
    std::rethrow_exception(error);
}

void Front::count(Verb verb, std::size_t items, Duration took, std::string_view trouble) {
    auto& stats = stats_[static_cast<std::size_t>(verb)];
    stats.calls.fetch_add(1, std::memory_order_relaxed);
    stats.items.fetch_add(items, std::memory_order_relaxed);
    stats.micros.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
    if (!trouble.empty()) stats.errors.fetch_add(1, std::memory_order_relaxed);
    if (!is_logged(LogLevel::debug)) return;
    std::string line{to_string(verb)};
    line += " of " + std::to_string(items) + " on " + std::string{broker_->name()};
    line += trouble.empty() ? ": done" : ": " + std::string{trouble};
    line += " (" + to_string(took) + ")";
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
Front::in_pieces(std::vector<Item> items, Verb verb,
                 awaitable<std::vector<Reply>> (Broker::*call)(std::vector<Item>)) {
    std::vector<Reply> all;
    all.reserve(items.size());
    for (std::size_t from = 0; from < items.size(); from += most_per_call) {
        auto piece = cut(items, from);
        auto const count = piece.size();
        auto asked = (broker_.get()->*call)(std::move(piece));
        auto passed = pass(verb, count, std::move(asked), deadline_, false);
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
        std::vector<PushResult> results =
            co_await pass(Verb::push, count, broker_->push(std::move(jobs)), deadline_, false);
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
    return in_pieces(std::move(settlements), Verb::settle, &Broker::settle);
}

awaitable<void> Front::enlist(WorkerInfo worker) {
    auto call = done(broker_->enlist(std::move(worker)));
    co_await pass(Verb::enlist, 1, std::move(call), deadline_, false);
}

awaitable<BeatReply> Front::renew(Beat beat) {
    return pass(Verb::renew, 1, broker_->renew(std::move(beat)), deadline_, false);
}

awaitable<void> Front::retire(std::string incarnation) {
    auto call = done(broker_->retire(std::move(incarnation)));
    co_await pass(Verb::retire, 1, std::move(call), deadline_, false);
}

awaitable<ClaimReply> Front::claim(ClaimParams params) {
    auto const limit = deadline_ + params.wait;
    auto const n = params.limit;
    return pass(Verb::claim, n, broker_->claim(std::move(params)), limit, false);
}

awaitable<std::vector<EndedJob>> Front::watch(WatchParams params) {
    auto const limit = deadline_ + params.wait;
    return pass(Verb::watch, 1, broker_->watch(std::move(params)), limit, false);
}

awaitable<UpkeepReply> Front::upkeep(UpkeepParams params) {
    return pass(Verb::upkeep, params.queues.size(), broker_->upkeep(std::move(params)), deadline_, false);
}

}  // namespace cohort
