// SPDX-License-Identifier: MIT
// Group commit: callers ask one by one, the broker is asked for many.
#pragma once

#include "base/recycled.hpp"
#include "io/wake.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/error.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace cohort {

[[noreturn]] void throw_operation_aborted();

// The first caller goes as soon as all that is ready to run on its executor has run, and takes along whoever
// waits; those who come while it is under way wait, and the first of them goes next. No thread and no
// coroutine of its own: the callers do the work. Thread-safe.
//
// Where `at_once` is more than one, a further call may go before the last one is answered, as soon as a good
// number wait: the caller makes it while the server works at the other.
//
// Cancelling a caller that still waits removes its question. Once it is under way a cancellation has no
// effect: the answer comes, at the latest when the broker call's own deadline passes.
template<class Item, class Reply>
class Gather {
public:
    // Answers one question each, in their order.
    using Ask = std::function<awaitable<std::vector<Reply>>(std::vector<Item>)>;

    Gather(Ask ask, std::size_t most, std::uint32_t at_once = 1)
        : ask_{std::move(ask)}, most_{at_once > 1 ? std::min(most, most_beside) : most}, at_once_{at_once} {}

    // One question and its answer. It is the item itself as long as it has not been asked.
    struct Question : Item {
        Question() = default;
        explicit Question(Item&& item) : Item{std::move(item)} {}

    private:
        friend class Gather;
        bool is_answered() const noexcept { return answered; }

        std::optional<Reply> reply;
        std::exception_ptr error;
        std::atomic<bool> answered = false;
        std::atomic<bool> leads = false;  // is to make a call, and has not begun
        bool is_in_line = false;
        io::Wake woken;
    };

    awaitable<Reply> ask(Item item) { return ask(make_recycled<Question>(std::move(item))); }
    awaitable<Reply> ask(std::shared_ptr<Question> own) {
        // A cancelled caller may still have to wait, or to lead: it must not be thrown out of the awaits
        // below.
        bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        Seat const seat{*this, own};
        bool is_new = true;
        while (!own->is_answered()) {
            if (own->leads) {
                // Behind those that are about to ask as well, because the last answer has woken all of them.
                // With nobody else about this is no wait.
                if (is_new) {
                    own->woken.wake();
                    co_await own->woken.wait_quietly();
                }
                Flight flight{*this};
                std::vector<Item> items = flight.board(*own);
                if (items.empty()) continue;  // another call has taken it along
                auto call = ask_(std::move(items));
                try {
                    std::vector<Reply> replies = co_await std::move(call);
                    flight.land(std::move(replies));
                } catch (...) {
                    flight.crash(std::current_exception());
                }
                continue;
            }
            bool const woken = co_await own->woken.wait_quietly();
            is_new = false;
            if (!woken && leave(own)) throw_operation_aborted();
        }
        co_await boost::asio::this_coro::throw_if_cancelled(throws);
        if (own->error) std::rethrow_exception(own->error);
        co_return std::move(*own->reply);
    }

private:
    // A call beside another one has at least so many questions, and none has more than that: what it costs to
    // make one is shared by many, and the server has the next one before it has answered the last.
    static constexpr std::size_t least_beside = 64;
    static constexpr std::size_t most_beside = 128;

    using Line = std::deque<std::shared_ptr<Question>>;

    // A place in the line, given up also where the frame of who waits is destroyed.
    class Seat {
    public:
        Seat(Gather& gather, std::shared_ptr<Question> const& question)
            : gather_{gather}, question_{question} {
            gather_.enter(question_);
        }
        Seat(Seat const&) = delete;
        Seat& operator=(Seat const&) = delete;
        ~Seat() {
            if (!question_->answered) gather_.vanish(question_);
        }

    private:
        Gather& gather_;
        std::shared_ptr<Question> const& question_;
    };

    // One call of the broker. However it ends, also by the destruction of the leader's frame, its questions
    // are answered and the lead is passed on.
    class Flight {
    public:
        explicit Flight(Gather& gather) : gather_{gather} {}
        Flight(Flight const&) = delete;
        Flight& operator=(Flight const&) = delete;
        ~Flight() {
            if (questions_.empty()) return;
            crash(std::make_exception_ptr(
                Error{errc::uncertain, "the caller that asked for all was destroyed"}));
        }

        // All that wait, as far as they have room; none when `leader` is no leader any more.
        std::vector<Item> board(Question& leader) {
            std::vector<Item> all;
            std::lock_guard lock{gather_.mutex_};
            if (!leader.leads.exchange(false)) return all;
            while (!gather_.line_.empty() && questions_.size() < gather_.most_) {
                questions_.push_back(std::move(gather_.line_.front()));
                gather_.line_.pop_front();
                questions_.back()->is_in_line = false;
                // It was to make a call of its own, which is this one now.
                if (questions_.back()->leads.exchange(false)) --gather_.under_way_;
            }
            all.reserve(questions_.size());
            for (auto const& question : questions_)
                all.push_back(std::move(static_cast<Item&>(*question)));
            return all;
        }
        void land(std::vector<Reply> replies) {
            for (std::size_t i = 0; i < questions_.size(); ++i)
                questions_[i]->reply.emplace(std::move(replies.at(i)));
            finish();
        }
        void crash(std::exception_ptr error) {
            for (auto const& question : questions_)
                question->error = error;
            finish();
        }

    private:
        void finish() {
            gather_.pass_on();
            for (auto const& question : questions_) {
                question->answered = true;
                question->woken.wake();
            }
            questions_.clear();
        }

        Gather& gather_;
        std::vector<std::shared_ptr<Question>> questions_;
    };

    void enter(std::shared_ptr<Question> const& question) {
        std::lock_guard lock{mutex_};
        line_.push_back(question);
        question->is_in_line = true;
        bool const goes = under_way_ == 0 || (under_way_ < at_once_ && line_.size() >= least_beside);
        if (!goes) return;
        ++under_way_;
        question->leads = true;
    }

    // False when it is too late.
    bool leave(std::shared_ptr<Question> const& question) {
        std::lock_guard lock{mutex_};
        if (question->leads) return false;
        question->is_in_line = false;
        return std::erase(line_, question) > 0;
    }

    void vanish(std::shared_ptr<Question> const& question) {
        std::lock_guard lock{mutex_};
        if (!std::exchange(question->is_in_line, false)) return;
        std::erase(line_, question);
        if (question->leads.exchange(false)) pass_on_locked();
    }

    void pass_on() {
        std::lock_guard lock{mutex_};
        pass_on_locked();
    }
    void pass_on_locked() {
        // Who leads already takes the others along.
        if (line_.empty() || line_.front()->leads) {
            --under_way_;
            return;
        }
        line_.front()->leads = true;
        line_.front()->woken.wake();
    }

    Ask const ask_;
    std::size_t const most_;
    std::mutex mutex_;
    std::uint32_t const at_once_;
    std::uint32_t under_way_ = 0;
    Line line_;
};

}  // namespace cohort
