// SPDX-License-Identifier: MIT
#include "broker/waits.hpp"

#include "io/aborted.hpp"
#include "io/alarm.hpp"

#include <cohort/log.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace cohort {

namespace {

// So many jobs that were pushed and are not awaited are remembered, and as many again of those before them.
constexpr std::size_t most_fresh = 4096;

}  // namespace

Completions::Completions(std::vector<JobRef> refs) : refs_{std::move(refs)}, endings_(refs_.size()) {}

std::size_t Completions::left() const noexcept {
    std::lock_guard lock{mutex_};
    return refs_.size() - given_;
}

void Completions::put(std::size_t index, Ending ending) {
    std::lock_guard lock{mutex_};
    if (endings_[index]) return;  // a hint and a poll may both bring it
    endings_[index].emplace(std::move(ending));
    ready_.push_back(index);
    woken_.wake();
}

void Completions::close() {
    std::lock_guard lock{mutex_};
    closed_ = true;
    woken_.wake();
}

awaitable<std::optional<std::size_t>> Completions::next(Duration span) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto const until = add(Instant{io::steady_now(executor)}, span);
    bool in_time = true;
    for (;;) {
        {
            std::lock_guard lock{mutex_};
            if (given_ < ready_.size()) co_return ready_[given_++];
            if (closed_) throw Error{errc::closed, "the client was closed while a result was awaited"};
        }
        if (!in_time) co_return std::nullopt;
        if (span == Duration::max()) {
            co_await woken_.wait();
            continue;
        }
        auto const rest = until - Instant{io::steady_now(executor)};
        in_time = co_await woken_.wait_for(rest);
    }
}

Waits::Waits(Front& front, std::string client, Duration poll)
    : front_{front}, client_{std::move(client)}, poll_{poll} {}

void Waits::expect(JobRef const& ref) {
    std::lock_guard lock{mutex_};
    if (!hears_) return;
    if (fresh_.size() >= most_fresh) {
        older_ = std::move(fresh_);
        fresh_.clear();
    }
    fresh_.try_emplace(ref);
}

void Waits::forget_push(JobRef const& ref) {
    std::lock_guard lock{mutex_};
    if (fresh_.erase(ref) == 0) older_.erase(ref);
}

void Waits::forget_fresh() {
    std::lock_guard lock{mutex_};
    hears_ = false;
    fresh_.clear();
    older_.clear();
}

std::shared_ptr<Completions> Waits::add_fresh(JobRef const& ref) {
    std::lock_guard lock{mutex_};
    if (closed_) throw Error{errc::closed, "the client is closed"};
    for (auto* jobs : {&fresh_, &older_}) {
        auto const found = jobs->find(ref);
        if (found == jobs->end()) continue;
        auto completions = std::make_shared<Completions>(std::vector<JobRef>{ref});
        std::optional<Ending> ending = std::move(found->second);
        jobs->erase(found);
        if (ending)
            completions->put(0, std::move(*ending));
        else
            places_.emplace(ref, Place{completions, 0});
        return completions;
    }
    return nullptr;
}

awaitable<void> Waits::add(std::shared_ptr<Completions> completions) {
    {
        std::lock_guard lock{mutex_};
        if (closed_) throw Error{errc::closed, "the client is closed"};
        for (std::size_t i = 0; i < completions->refs().size(); ++i) {
            places_.emplace(completions->refs()[i], Place{completions, i});
        }
    }
    first_.wake();
    if (completions->refs().size() == 1) {
        Ending ending = co_await front_.result(completions->refs().front());
        if (is_terminal(ending.state) || !ending.known) completions->put(0, std::move(ending));
        co_return;
    }
    std::vector<JobRef> refs = completions->refs();
    std::vector<Ending> endings = co_await front_.results(std::move(refs));
    for (std::size_t i = 0; i < endings.size(); ++i) {
        if (is_terminal(endings[i].state) || !endings[i].known) completions->put(i, std::move(endings[i]));
    }
}

void Waits::remove(Completions const& completions) noexcept {
    std::lock_guard lock{mutex_};
    for (auto const& ref : completions.refs()) {
        auto [from, to] = places_.equal_range(ref);
        while (from != to)
            from = from->second.completions.get() == &completions ? places_.erase(from) : std::next(from);
    }
}

void Waits::deliver(JobRef const& ref, Ending ending) {
    std::lock_guard lock{mutex_};
    auto [from, to] = places_.equal_range(ref);
    if (from == to) {
        for (auto* jobs : {&fresh_, &older_}) {
            auto const found = jobs->find(ref);
            if (found != jobs->end()) found->second = std::move(ending);
        }
        return;
    }
    for (auto at = from; at != to; ++at)
        at->second.completions->put(at->second.index, ending);
    places_.erase(from, to);
}

// Does it matter how this job has ended? One that nobody waits for yet is read by whoever will.
bool Waits::is_awaited(JobRef const& ref) {
    std::lock_guard lock{mutex_};
    if (fresh_.erase(ref) == 0) older_.erase(ref);
    return places_.contains(ref);
}

// The fallback: all that is still awaited is read again.
awaitable<void> Waits::read_all() {
    std::vector<JobRef> refs;
    {
        std::lock_guard lock{mutex_};
        for (auto const& [ref, place] : places_) {
            if (refs.empty() || refs.back() != ref) refs.push_back(ref);
        }
    }
    if (refs.empty()) co_return;
    std::vector<JobRef> asked = refs;
    std::vector<Ending> endings = co_await front_.results(std::move(asked));
    for (std::size_t i = 0; i < endings.size(); ++i) {
        if (is_terminal(endings[i].state) || !endings[i].known) deliver(refs[i], endings[i]);
    }
}

awaitable<void> Waits::run() {
    auto executor = co_await boost::asio::this_coro::executor;
    auto polled = io::steady_now(executor);
    std::uint32_t failures = 0;
    for (;;) {
        bool idle = false;
        {
            std::lock_guard lock{mutex_};
            if (closed_) co_return;
            idle = places_.empty();
        }
        // The watch goes on without anybody waiting, so that it is there when somebody does; only a poll
        // would be useless.
        std::exception_ptr trouble;
        try {
            WatchParams params{client_, poll_};
            std::vector<EndedJob> ended = co_await front_.watch(std::move(params));
            {
                std::lock_guard lock{mutex_};
                hears_ = true;
            }
            std::vector<JobRef> unread;
            for (auto& job : ended) {
                if (job.ending)
                    deliver(job.ref, std::move(*job.ending));
                else if (is_awaited(job.ref))
                    unread.push_back(job.ref);
            }
            if (!unread.empty()) {
                std::vector<JobRef> asked = unread;
                std::vector<Ending> endings = co_await front_.results(std::move(asked));
                for (std::size_t i = 0; i < endings.size(); ++i) {
                    if (is_terminal(endings[i].state) || !endings[i].known) deliver(unread[i], endings[i]);
                }
            }
            auto const now = io::steady_now(executor);
            if (!idle && (ended.empty() || now - polled >= poll_)) {
                polled = now;
                co_await read_all();
            }
        } catch (...) {
            trouble = std::current_exception();
        }
        failures = trouble ? failures + 1 : 0;
        if (!trouble) continue;
        forget_fresh();
        if (io::is_aborted(trouble)) std::rethrow_exception(trouble);
        try {
            std::rethrow_exception(trouble);
        } catch (Error const& error) {
            if (error.which() == errc::closed) co_return;
            // At powers of two: an outage is a few lines, not a flood.
            if ((failures & (failures - 1)) == 0)
                log(LogLevel::warn, one_line(std::string{"waiting for results: "} + error.what()));
        }
        co_await io::sleep_for(poll_);
    }
}

void Waits::close() {
    std::vector<std::shared_ptr<Completions>> all;
    {
        std::lock_guard lock{mutex_};
        closed_ = true;
        for (auto const& [ref, place] : places_)
            all.push_back(place.completions);
        places_.clear();
    }
    for (auto const& completions : all)
        completions->close();
}

}  // namespace cohort
