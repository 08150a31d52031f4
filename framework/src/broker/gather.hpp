// SPDX-License-Identifier: MIT
// Group commit: callers ask one by one, the broker is asked for many.
#pragma once

#include "base/recycled.hpp"
#include "io/wake.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/error.hpp>

#include <boost/asio/this_coro.hpp>

#include <atomic>
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
// Cancelling a caller that still waits removes its question. Once it is under way a cancellation has no
// effect: the answer comes, at the latest when the broker call's own deadline passes.
template<class Item, class Reply>
class Gather {
public:
    // Answers one question each, in their order.
    using Ask = std::function<awaitable<std::vector<Reply>>(std::vector<Item>)>;

    Gather(Ask ask, std::size_t most) : ask_{std::move(ask)}, most_{most} {}

    // One question and its answer. It is the item itself as long as it has not been asked.
    struct Question : Item {
        explicit Question(Item item) : Item{std::move(item)} {}

    private:
        friend class Gather;
        bool is_answered() const noexcept { return answered; }

        std::optional<Reply> reply;
        std::exception_ptr error;
        std::atomic<bool> answered = false;
        std::atomic<bool> leads = false;
        bool woke_to_lead = false;
        io::Wake woken;
    };

    awaitable<Reply> ask(Item item) { return ask(make_recycled<Question>(std::move(item))); }
    awaitable<Reply> ask(std::shared_ptr<Question> own) {
        // A cancelled caller may still have to wait, or to lead: it must not be thrown out of the awaits
        // below.
        bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        bool leads = enter(own);
        while (!leads && !own->is_answered()) {
            bool const woken = co_await own->woken.wait_quietly();
            if (!woken && leave(own)) throw_operation_aborted();
            leads = own->woke_to_lead = own->leads;
        }
        if (leads) {
            Flight flight{*this};
            // Behind those that are about to ask as well, because the last answer has woken all of them. With
            // nobody else about this is no wait.
            if (!own->woke_to_lead) {
                own->woken.wake();
                co_await own->woken.wait_quietly();
            }
            std::vector<Item> items = flight.board();
            auto call = ask_(std::move(items));
            try {
                std::vector<Reply> replies = co_await std::move(call);
                flight.land(std::move(replies));
            } catch (...) {
                flight.crash(std::current_exception());
            }
        }
        co_await boost::asio::this_coro::throw_if_cancelled(throws);
        if (own->error) std::rethrow_exception(own->error);
        co_return std::move(*own->reply);
    }

private:
    using Line = std::deque<std::shared_ptr<Question>>;

    // One call of the broker. However it ends, also by the destruction of the leader's frame, its questions
    // are answered and the lead is passed on.
    class Flight {
    public:
        explicit Flight(Gather& gather) : gather_{gather} {}
        Flight(Flight const&) = delete;
        Flight& operator=(Flight const&) = delete;
        ~Flight() {
            if (has_landed_) return;
            crash(std::make_exception_ptr(
                Error{errc::uncertain, "the caller that asked for all was destroyed"}));
        }

        // All that wait, as far as they have room.
        std::vector<Item> board() {
            std::lock_guard lock{gather_.mutex_};
            while (!gather_.line_.empty() && questions_.size() < gather_.most_) {
                questions_.push_back(std::move(gather_.line_.front()));
                gather_.line_.pop_front();
            }
            std::vector<Item> all;
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
            has_landed_ = true;
            gather_.pass_on();
            for (auto const& question : questions_) {
                question->answered = true;
                question->woken.wake();
            }
            questions_.clear();
        }

        Gather& gather_;
        std::vector<std::shared_ptr<Question>> questions_;
        bool has_landed_ = false;
    };

    // True for the one who is to lead.
    bool enter(std::shared_ptr<Question> const& question) {
        std::lock_guard lock{mutex_};
        line_.push_back(question);
        return !std::exchange(busy_, true);
    }

    // False when it is too late.
    bool leave(std::shared_ptr<Question> const& question) {
        std::lock_guard lock{mutex_};
        if (question->leads) return false;
        return std::erase(line_, question) > 0;
    }

    void pass_on() {
        std::lock_guard lock{mutex_};
        if (line_.empty()) {
            busy_ = false;
            return;
        }
        line_.front()->leads = true;
        line_.front()->woken.wake();
    }

    Ask const ask_;
    std::size_t const most_;
    std::mutex mutex_;
    bool busy_ = false;
    Line line_;
};

}  // namespace cohort
