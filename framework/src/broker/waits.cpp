// SPDX-License-Identifier: MIT
#include "broker/waits.hpp"

#include "base/failpoint.hpp"
#include "base/text.hpp"
#include "io/aborted.hpp"
#include "io/alarm.hpp"

#include <cohort/log.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

// Trouble that may be over while somebody still waits.
bool is_passing(errc code) noexcept {
    return code == errc::unavailable || code == errc::uncertain || code == errc::timed_out ||
           code == errc::busy || code == errc::storage_full;
}

// So many jobs that were pushed and are not awaited are remembered, and as many again of those before them.
constexpr std::size_t most_fresh = 4096;
// One watch, where there is nothing to be polled behind it.
constexpr Duration quiet = 1min;

}  // namespace

void make_fit_for_people(Ending& ending) {
    constexpr std::size_t longest_error = 8192;
    if (!ending.error.empty()) ending.error = clean_text(ending.error, longest_error);
}

Completions::Completions(Refs&& refs) : refs_{std::move(refs)}, endings_(refs_.size()) {}

std::size_t Completions::left() const noexcept {
    std::lock_guard lock{mutex_};
    return refs_.size() - given_;
}

void Completions::put(std::size_t index, Ending&& ending) {
    make_fit_for_people(ending);
    std::lock_guard lock{mutex_};
    if (endings_[index]) return;  // a hint and a poll may both bring it
    endings_[index].emplace(std::move(ending));
    ready_.push_back(index);
    woken_.wake();
}

void Completions::fail(errc code, std::string detail) {
    std::lock_guard lock{mutex_};
    failure_ = code;
    failure_detail_ = std::move(detail);
    woken_.wake();
}

std::optional<std::size_t> Completions::next_at_hand() {
    std::lock_guard lock{mutex_};
    if (given_ < ready_.size()) return ready_[given_++];
    if (failure_ != errc::ok) throw Error{failure_, failure_detail_};
    return std::nullopt;
}

awaitable<std::optional<std::size_t>> Completions::next(Duration span) {
    auto executor = co_await boost::asio::this_coro::executor;
    io::Wake::Limit const limit{woken_, executor, span};
    for (;;) {
        auto const index = next_at_hand();
        if (index || limit.has_passed()) co_return index;
        bool const woken = co_await woken_.wait_quietly();
        if (!woken) throw_operation_aborted();
    }
}

Waits::Waits(Front& front, std::string client, Duration poll, bool is_named)
    : front_{front}, client_{std::move(client)}, poll_{poll},
      can_read_{front_.broker().capabilities().status}, is_named_{is_named} {}

void Waits::expect(JobRef const& ref) {
    std::lock_guard lock{mutex_};
    if (!can_read_) heard_.expect(ref);
    if (!hears_ || !can_read_) return;
    if (fresh_.size() >= most_fresh) {
        older_.swap(fresh_);
        fresh_.clear();
    }
    fresh_.try_emplace(JobRefHash{}(ref));
}

void Waits::forget_push(JobRef const& ref) {
    std::lock_guard lock{mutex_};
    auto const hash = JobRefHash{}(ref);
    if (fresh_.erase(hash) == 0) older_.erase(hash);
}

void Waits::forget_fresh() {
    std::lock_guard lock{mutex_};
    hears_ = false;
    fresh_.clear();
    older_.clear();
}

// With the lock held. Of a job that we pushed: we shall hear of its end, or have heard and tell it.
Waits::News Waits::news_of(Key const& key, Completions& completions) {
    for (auto* jobs : {&fresh_, &older_}) {
        auto const found = jobs->find(key.hash);
        if (found == jobs->end()) continue;
        auto const ended = std::move(found->second);
        jobs->erase(found);
        if (!ended) return News::coming;
        if (ended->ref != *key.ref) return News::none;
        completions.put(0, std::move(*ended->ending));
        return News::told;
    }
    return News::none;
}

// With the lock held.
void Waits::give_heard(std::shared_ptr<Completions> const& completions) {
    for (auto const& ref : completions->refs()) {
        if (is_named_ || !heard_.is_foreign(ref)) continue;
        throw Error{errc::not_supported,
                    std::string{front_.broker().name()} + " keeps no results: only the " +
                        "client that enqueued job " + to_string(ref) +
                        " is told how it ends; use sqlite: or redis:// where others ask"};
    }
    for (std::size_t i = 0; i < completions->refs().size(); ++i) {
        auto const& ref = completions->refs()[i];
        if (auto const* const ending = heard_.find(ref))
            completions->put(i, Ending{*ending});
        else
            places_.emplace(Key{ref}, Place{completions, i});
    }
}

void Waits::add(std::shared_ptr<Completions> const& completions) {
    bool reads = false;
    {
        std::lock_guard lock{mutex_};
        if (closed_) throw Error{errc::closed, "the client is closed"};
        if (!can_read_) return give_heard(completions);
        auto const& refs = completions->refs();
        for (std::size_t i = 0; i < refs.size(); ++i) {
            Key const key{refs[i]};
            auto const news = refs.size() == 1 ? news_of(key, *completions) : News::none;
            if (news == News::told) return;
            places_.emplace(key, Place{completions, i});
            reads = news == News::none;
            if (reads) wanted_.push_back(refs[i]);
        }
    }
    failpoint("wait.between_subscribe_and_read");
    if (reads) want_.wake();
}

void Waits::remove(Completions const& completions) noexcept {
    std::lock_guard lock{mutex_};
    for (auto const& ref : completions.refs()) {
        auto [from, to] = places_.equal_range(Key{ref});
        while (from != to)
            from = from->second.completions.get() == &completions ? places_.erase(from) : std::next(from);
    }
}

void Waits::deliver(JobRef const& ref, Ending&& ending) {
    if (!is_terminal(ending.state) && ending.known) return;
    std::lock_guard lock{mutex_};
    if (!can_read_ && !heard_.keep(ref, ending)) return;
    Key const key{ref};
    auto [from, to] = places_.equal_range(key);
    if (from == to) {
        for (auto* jobs : {&fresh_, &older_}) {
            auto const found = jobs->find(key.hash);
            if (found == jobs->end()) continue;
            found->second = std::make_unique<EndedJob>(EndedJob{ref, std::move(ending)});
            return;
        }
        return;
    }
    // The ref of a key is in its completions: they may be gone once it is.
    while (from != to) {
        auto const place = std::move(from->second);
        from = places_.erase(from);
        place.completions->put(place.index, from == to ? std::move(ending) : Ending{ending});
    }
}

void Waits::fail_all(Error const& error) {
    std::vector<JobRef> refs;
    {
        std::lock_guard lock{mutex_};
        for (auto const& [key, place] : places_)
            refs.push_back(*key.ref);
    }
    fail(refs, error);
}

void Waits::fail(std::vector<JobRef> const& refs, Error const& error) {
    std::lock_guard lock{mutex_};
    for (auto const& ref : refs) {
        auto [from, to] = places_.equal_range(Key{ref});
        while (from != to) {
            auto const place = std::move(from->second);
            from = places_.erase(from);
            place.completions->fail(error.which(), error.detail());
        }
    }
}

// What is wanted and still awaited, each once.
std::vector<JobRef> Waits::take_wanted() {
    std::vector<JobRef> refs;
    std::lock_guard lock{mutex_};
    refs.swap(wanted_);
    std::erase_if(refs, [&](JobRef const& ref) { return !places_.contains(Key{ref}); });
    if (refs.size() < 2) return refs;
    std::sort(refs.begin(), refs.end());
    refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
    return refs;
}

void Waits::want_all() {
    if (!can_read_) return;
    {
        std::lock_guard lock{mutex_};
        for (auto const& [key, place] : places_)
            wanted_.push_back(*key.ref);
    }
    want_.wake();
}

void Waits::note_trouble(std::string text) {
    std::uint32_t failures = 0;
    {
        std::lock_guard lock{mutex_};
        trouble_ = text;
        failures_ = text.empty() ? 0 : failures_ + 1;
        failures = failures_;
    }
    // At powers of two: an outage is a few lines, not a flood.
    if (failures > 0 && (failures & (failures - 1)) == 0)
        log(LogLevel::warn, one_line("waiting for results, for " + std::string{front_.who()} + ": " + text));
}

void Waits::list(std::vector<UnderWay>& all, Duration now) const {
    std::lock_guard lock{mutex_};
    for (auto const& [key, place] : places_)
        all.push_back({*key.ref, Doing::wait, now - place.completions->begun, Phase::waiting});
}

std::string Waits::trouble() const {
    std::lock_guard lock{mutex_};
    return trouble_;
}

awaitable<void> Waits::read_once(std::vector<JobRef> refs) {
    std::vector<JobRef> asked = refs;
    try {
        std::vector<Ending> endings = co_await front_.results(std::move(asked));
        for (std::size_t i = 0; i < endings.size(); ++i)
            deliver(refs[i], std::move(endings[i]));
        note_trouble({});
    } catch (Error const& error) {
        // The poll asks again.
        if (is_passing(error.which()))
            note_trouble(error.what());
        else
            fail(refs, error);
    }
}

awaitable<void> Waits::read() {
    for (;;) {
        auto refs = take_wanted();
        if (refs.empty())
            co_await want_.wait();
        else
            co_await read_once(std::move(refs));
    }
}

// True when it was told of something.
awaitable<bool> Waits::listen_once(Duration span) {
    WatchParams params{client_, span};
    std::vector<EndedJob> ended = co_await front_.watch(std::move(params));
    {
        std::lock_guard lock{mutex_};
        hears_ = true;
    }
    bool unread = false;
    for (auto& job : ended) {
        if (job.ending) {
            deliver(job.ref, std::move(*job.ending));
            continue;
        }
        if (!can_read_) continue;
        unread = true;
        std::lock_guard lock{mutex_};
        auto const hash = JobRefHash{}(job.ref);
        if (fresh_.erase(hash) == 0) older_.erase(hash);  // whoever will wait for it, reads it
        wanted_.push_back(std::move(job.ref));
    }
    if (unread) want_.wake();
    co_return !ended.empty();
}

awaitable<void> Waits::listen() {
    auto executor = co_await boost::asio::this_coro::executor;
    auto polled = io::steady_now(executor);
    for (;;) {
        std::exception_ptr trouble;
        bool told = false;
        try {
            // Goes on when nobody waits, so that it is there when somebody does; and no longer than until the
            // next poll is due: hints that do come must not put it off.
            auto const left = can_read_ ? poll_ - (io::steady_now(executor) - polled) : quiet;
            told = co_await listen_once(std::max<Duration>(left, 1ms));
        } catch (...) {
            trouble = std::current_exception();
        }
        if (trouble) {
            if (io::is_aborted(trouble)) co_return;
            forget_fresh();
            try {
                std::rethrow_exception(trouble);
            } catch (Error const& error) {
                if (error.which() == errc::closed) {
                    end_all();
                    co_return;
                }
                note_trouble(error.what());
                if (!can_read_ && !is_passing(error.which())) fail_all(error);
            }
            co_await io::sleep_for(poll_);
        } else if (!can_read_) {
            note_trouble({});
        }
        auto const now = io::steady_now(executor);
        if (told && now - polled < poll_) continue;
        polled = now;
        want_all();
    }
}

void Waits::end_all() {
    std::vector<std::shared_ptr<Completions>> all;
    {
        std::lock_guard lock{mutex_};
        closed_ = true;
        for (auto const& [key, place] : places_)
            all.push_back(place.completions);
        places_.clear();
    }
    for (auto const& completions : all)
        completions->fail(errc::closed, "the client was closed while a result was awaited");
}

void Waits::close() {
    end_all();
}

}  // namespace cohort
