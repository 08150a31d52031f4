// SPDX-License-Identifier: MIT
#include "redis/core.hpp"

#include "redis/record.hpp"

#include <algorithm>
#include <chrono>

namespace cohort::redis {

Core::Core(Config its_config)
    : config{std::move(its_config)},
      slots_{config.topology == Topology::cluster ? std::make_shared<Slots>(config.hosts) : nullptr},
      sentinels_{config.topology == Topology::sentinel
                     ? std::make_shared<Sentinels>(loop_.executor(), config,
                                                   [this](io::Address const& master) { move_to(master); })
                     : nullptr},
      commands_{make_route(loop_, "commands")}, replicated_{make_route(loop_, "replicated")},
      subscriber_{Subscriber::make(loop_.executor(), config, locate(loop_))} {}

// Where anything can be asked for that is no key's.
Locate Core::locate(io::Loop const& loop) const {
    if (slots_) return locate_any(slots_);
    if (sentinels_) return sentinels_->locate_for(loop.executor());
    return locate_first(config);
}

RoutePtr Core::make_route(io::Loop const& loop, std::string role) const {
    return std::make_shared<Route>(loop.executor(), config, std::move(role), slots_, locate(loop));
}

// They must not tell a half of it.
Core::~Core() {
    if (sentinels_) sentinels_->close();
}

void Core::move_to(io::Address const& master) {
    std::lock_guard const lock{mutex_};
    commands_->move_to(master);
    replicated_->move_to(master);
    subscriber_->move_to(master);
    if (beats_) beats_->move_to(master);
    for (auto const& known : waiters_) {
        if (auto const waiter = known.lock()) waiter->move_to(master);
    }
}

RoutePtr Core::beats() {
    std::lock_guard const lock{mutex_};
    if (!beats_) {
        beat_loop_ = std::make_unique<io::Loop>("cohort-redis-b");
        beats_ = make_route(*beat_loop_, "beats");
        if (is_closed_) beats_->close();
    }
    return beats_;
}

std::shared_ptr<Connection> Core::borrow_waiter(Node const& node) {
    std::lock_guard const lock{mutex_};
    auto& idle = idle_waiters_[node];
    if (!idle.empty()) {
        auto waiter = std::move(idle.back());
        idle.pop_back();
        return waiter;
    }
    auto const locating = slots_ ? locate_node(node) : locate(loop_);
    auto waiter = std::make_shared<Connection>(loop_.executor(), config, locating, "wait");
    std::erase_if(waiters_, [](auto const& known) { return known.expired(); });
    waiters_.push_back(waiter);
    if (is_closed_) waiter->close();
    return waiter;
}

void Core::give_back(Node const& node, std::shared_ptr<Connection> waiter) {
    std::lock_guard const lock{mutex_};
    idle_waiters_[node].push_back(std::move(waiter));
}

std::string Core::time_of_test() const {
    if (config.clock == &system_clock()) return {};
    return std::to_string(to_server(config.clock->now()));
}

Call Core::registration(std::string const& queue) const {
    return Call{Effect::none, {"SADD", queues_key(config.space), queue}};
}

bool Core::is_registered(std::string const& queue) const {
    std::lock_guard const lock{mutex_};
    // A new connection may mean another server, or one that has lost its data.
    return generation() == registered_at_ && registered_.contains(queue);
}

void Core::registered(std::string const& queue) {
    std::lock_guard const lock{mutex_};
    auto const present = generation();
    if (present != registered_at_) registered_.clear();
    registered_at_ = present;
    registered_.insert(queue);
}

void Core::not_registered(std::string const& queue) {
    std::lock_guard const lock{mutex_};
    registered_.erase(queue);
}

bool Core::is_first_time(std::string const& incarnation, std::uint64_t number) {
    std::lock_guard const lock{mutex_};
    auto& last = lives_[incarnation].last_claim;
    bool const is_new = number > last && (last != 0 || number == 1);
    last = std::max(last, number);
    return is_new;
}

void Core::forget(std::string const& incarnation) {
    std::lock_guard const lock{mutex_};
    lives_.erase(incarnation);
}

void Core::note_rest(std::string const& incarnation, std::vector<std::string> queues, Session::Time until) {
    std::ranges::sort(queues);
    std::lock_guard const lock{mutex_};
    auto const found = lives_.find(incarnation);
    if (found == lives_.end()) return;
    found->second.resting = std::move(queues);
    found->second.rests_until = until;
}

std::optional<Duration> Core::take_rest(std::string const& incarnation, std::vector<std::string> queues) {
    std::ranges::sort(queues);
    std::lock_guard const lock{mutex_};
    auto const found = lives_.find(incarnation);
    if (found == lives_.end()) return std::nullopt;
    Life& life = found->second;
    bool const is_known = !life.resting.empty() && life.resting == queues;
    life.resting.clear();
    if (!is_known) return std::nullopt;
    return std::chrono::ceil<Duration>(life.rests_until - std::chrono::steady_clock::now());
}

void Core::remember(std::string const& incarnation, std::vector<std::string> queues) {
    std::lock_guard const lock{mutex_};
    lives_[incarnation].queues = std::move(queues);
}

std::vector<std::string> Core::enlisted(std::string const& incarnation) const {
    std::lock_guard const lock{mutex_};
    auto const found = lives_.find(incarnation);
    return found == lives_.end() ? std::vector<std::string>{} : found->second.queues;
}

void Core::check_open() const {
    std::lock_guard const lock{mutex_};
    if (is_closed_) throw Error{errc::closed, config.masked + " was closed"};
}

void Core::close() noexcept {
    if (sentinels_) sentinels_->close();  // without the lock: they may be telling something
    std::lock_guard const lock{mutex_};
    if (std::exchange(is_closed_, true)) return;
    commands_->close();
    replicated_->close();
    subscriber_->close();
    if (beats_) beats_->close();
    for (auto const& known : waiters_) {
        if (auto const waiter = known.lock()) waiter->close();
    }
}

}  // namespace cohort::redis
