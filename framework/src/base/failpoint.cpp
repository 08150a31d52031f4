// SPDX-License-Identifier: MIT
#include "base/failpoint.hpp"

#ifndef NDEBUG

#include <cohort/error.hpp>

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cohort {

namespace {

enum class Action : std::uint8_t { abort, stop, pause, hold, throw_it, lose, drop };

struct FailRule {
    std::string place;
    Action action = Action::drop;
    std::uint64_t pause = 0;  // milliseconds
    std::uint64_t first = 1;
    std::uint64_t count = 1;
    std::uint64_t percent = 100;
    std::uint64_t passed = 0;  // hits of the place
    std::uint64_t acted = 0;
};

[[noreturn]] void refuse(std::string_view text) {
    throw Error{errc::invalid_config, "no failpoint rule: \"" + std::string{text} + "\""};
}

std::uint64_t number(std::string_view text, std::string_view rule) {
    std::uint64_t value = 0;
    auto const read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) refuse(rule);
    return value;
}

// Cuts off and returns what begins with the last `mark`.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
    auto const at = text.rfind(mark);
    if (at == std::string_view::npos) return std::nullopt;
    auto const tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
}

FailRule parse_rule(std::string_view text) {
    FailRule rule;
    auto rest = text;
    if (auto const percent = cut(rest, '%')) rule.percent = number(*percent, text);
    if (auto const count = cut(rest, '*')) rule.count = number(*count, text);
    if (auto const first = cut(rest, '@')) rule.first = number(*first, text);
    auto const action = cut(rest, '=');
    if (!action || rest.empty()) refuse(text);
    rule.place = rest;
    if (*action == "abort")
        rule.action = Action::abort;
    else if (*action == "stop")
        rule.action = Action::stop;
    else if (*action == "hold")
        rule.action = Action::hold;
    else if (*action == "throw")
        rule.action = Action::throw_it;
    else if (*action == "lose")
        rule.action = Action::lose;
    else if (*action == "drop")
        rule.action = Action::drop;
    else if (action->starts_with("pause(") && action->ends_with(")")) {
        rule.action = Action::pause;
        rule.pause = number(action->substr(6, action->size() - 7), text);
    } else
        refuse(text);
    return rule;
}

std::shared_mutex held_up;  // shared by whoever is not to be stopped
thread_local int holds = 0;

// raise() and not kill(): another thread may take that one, and this one goes on until it does.
void stop_process() {
    if (holds > 0) {
        ::raise(SIGSTOP);
        return;
    }
    std::unique_lock const lock{held_up};
    ::raise(SIGSTOP);
}

class Plan {
public:
    Plan() {
        if (char const* const plan = std::getenv("COHORT_FAILPOINTS")) arm(plan);
        if (char const* const seed = std::getenv("COHORT_SEED"))
            random_.seed(std::strtoull(seed, nullptr, 10));
    }

    void arm(std::string_view text) {
        std::vector<FailRule> rules;
        while (!text.empty()) {
            auto const end = text.find(';');
            auto const rule = text.substr(0, end);
            if (!rule.empty()) rules.push_back(parse_rule(rule));
            text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        }
        std::lock_guard const lock{mutex_};
        rules_ = std::move(rules);
        is_armed.store(!rules_.empty());
        ++version_;
        changed_.notify_all();
    }

    bool pass(std::string_view place, std::string_view moment) {
        std::unique_lock lock{mutex_};
        FailRule* const rule = due_rule(place, moment);
        if (rule == nullptr) return false;
        FailRule const now = *rule;
        switch (now.action) {
        case Action::abort:
            ::kill(::getpid(), SIGKILL);
            ::pause();
            break;
        case Action::stop:
            lock.unlock();
            stop_process();
            return false;
        case Action::pause:
            lock.unlock();
            std::this_thread::sleep_for(std::chrono::milliseconds{now.pause});
            return false;
        case Action::hold: {
            auto const version = version_;
            changed_.wait(lock, [&] { return version_ != version; });
            return false;
        }
        case Action::throw_it:
            throw Error{errc::unavailable, "failpoint " + now.place};
        case Action::lose:
            throw Error{errc::uncertain, "failpoint " + now.place};
        case Action::drop:
            return true;
        }
        return false;
    }

    std::uint64_t acted(std::string_view place) {
        std::lock_guard const lock{mutex_};
        std::uint64_t sum = 0;
        for (auto const& rule : rules_) {
            if (rule.place == place) sum += rule.acted;
        }
        return sum;
    }

    std::atomic<bool> is_armed = false;

private:
    static bool is_called(std::string_view name, std::string_view place, std::string_view moment) {
        if (moment.empty()) return name == place;
        return name.size() == place.size() + 1 + moment.size() && name.starts_with(place) &&
               name[place.size()] == '.' && name.ends_with(moment);
    }

    FailRule* due_rule(std::string_view place, std::string_view moment) {
        for (auto& rule : rules_) {
            if (!is_called(rule.place, place, moment)) continue;
            ++rule.passed;
            if (rule.passed < rule.first || (rule.count > 0 && rule.acted >= rule.count)) continue;
            if (rule.percent < 100 && random_() % 100 >= rule.percent) continue;
            ++rule.acted;
            return &rule;
        }
        return nullptr;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t version_ = 0;
    std::vector<FailRule> rules_;
    std::mt19937_64 random_{1};
};

Plan& plan() {
    static Plan the_plan;
    return the_plan;
}

}  // namespace

NotToBeStopped::NotToBeStopped() {
    if (holds++ == 0) held_up.lock_shared();
}

NotToBeStopped::~NotToBeStopped() {
    if (--holds == 0) held_up.unlock_shared();
}

bool failpoint(std::string_view place, std::string_view moment) {
    Plan& all = plan();
    return all.is_armed.load(std::memory_order_relaxed) && all.pass(place, moment);
}

void arm_failpoints(std::string_view text) {
    plan().arm(text);
}

std::uint64_t failpoints_hit(std::string_view place) {
    return plan().acted(place);
}

}  // namespace cohort

#endif
