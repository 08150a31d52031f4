// SPDX-License-Identifier: MIT
#include "io/home.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace cohort::io {

namespace asio = boost::asio;

namespace {

using At = std::chrono::steady_clock::time_point;

constexpr auto near = std::chrono::milliseconds{10};

}  // namespace

class Home::Service : public asio::execution_context::service {
public:
    using key_type = Service;
    static inline asio::execution_context::id id;

    explicit Service(asio::execution_context& context) : service{context} {}
    void shutdown() noexcept override { home->shut(); }

    std::shared_ptr<Home> const home = std::make_shared<Home>();
};

std::shared_ptr<Home> const& Home::of(asio::execution_context& context) {
    // Looking for a service is a search; a thread mostly serves one context. Where another one has come to
    // the same address, the home of the former is shut.
    thread_local asio::execution_context* known = nullptr;
    thread_local std::shared_ptr<Home> home;
    if (known != &context || home->is_shut()) {
        home = asio::use_service<Service>(context).home;
        known = &context;
    }
    return home;
}

void Home::make_ours(asio::io_context& context) {
    of(context)->ours_ = &context;
}

namespace {

thread_local std::shared_ptr<Home> home_of_thread;

}  // namespace

std::shared_ptr<Home> const& Home::here() noexcept {
    return home_of_thread;
}

Home::Running::Running(asio::io_context& context) : outer_{std::exchange(home_of_thread, of(context))} {}

Home::Running::~Running() {
    home_of_thread = std::move(outer_);
}

bool Home::is_ours(asio::any_io_executor const& executor) const noexcept {
    return ours_ != nullptr && executor.target<asio::io_context::executor_type>() != nullptr;
}

void Home::enter(Guest& guest, std::shared_ptr<Guest> self) {
    std::lock_guard const lock{mutex_};
    guest.self_ = std::move(self);
    guests_.push_back(guest);
}

bool Home::call_up(Guest& guest) {
    std::lock_guard const lock{mutex_};
    if (shut_) return false;
    guests_.erase(guests_.iterator_to(guest));
    next_.push_back(guest);
    post_turn();
    return true;
}

void Home::post_turn() {
    if (next_.empty() || std::exchange(is_posted_, true)) return;
    asio::post(*ours_, [self = shared_from_this()] { self->take_turn(); });
}

// Whoever is left when a turn ends early, by an exception or because the loop was stopped, has the next one.
struct Home::Rest {
    Home& home;
    ~Rest() {
        std::lock_guard const lock{home.mutex_};
        home.post_turn();
    }
};

void Home::take_turn() {
    Rest const rest{*this};
    std::size_t count = 0;
    {
        std::lock_guard const lock{mutex_};
        is_posted_ = false;
        count = next_.size();  // who is called up from now on comes behind what else is ready
    }
    for (; count > 0 && !stopped_; --count) {
        std::shared_ptr<Guest> guest;
        {
            std::lock_guard const lock{mutex_};
            guest = std::move(next_.front().self_);
            next_.pop_front();
        }
        guest->go_on();
    }
}

void Home::stop() {
    stopped_ = true;
    ours_->stop();
}

void Home::set(Ring& ring, Duration span) {
    ring.at = std::chrono::steady_clock::now() + span;
    std::lock_guard const lock{mutex_};
    if (shut_) return;
    ring.turn = ++last_turn_;
    if (span > near) {
        far_.push_back(ring);
        first_far_ = std::min(first_far_, ring.at);
    } else {
        rings_.insert(rings_.end(), ring);  // mostly it is the last
    }
    arm();
}

// A look at all of them is worth it once in a while: the longer it takes, the less often.
void Home::put_near(At before) {
    if (first_far_ > before) return;
    auto const until = before + near + far_.size() * std::chrono::microseconds{1};
    first_far_ = At::max();
    for (auto at = far_.begin(); at != far_.end();) {
        Ring& ring = *at;
        if (ring.at > until) {
            first_far_ = std::min(first_far_, ring.at);
            ++at;
        } else {
            at = far_.erase(at);
            rings_.insert(ring);
        }
    }
}

void Home::silence(Ring& ring) noexcept {
    std::lock_guard const lock{mutex_};
    using Near = boost::intrusive::set_base_hook<>;
    using Far = boost::intrusive::list_base_hook<>;
    if (static_cast<Near&>(ring).is_linked()) rings_.erase(rings_.iterator_to(ring));
    if (static_cast<Far&>(ring).is_linked()) far_.erase(far_.iterator_to(ring));
}

// The timer goes on when its alarm is silenced, since another one of the same span follows as a rule: setting
// it is a system call.
void Home::arm() {
    At const first = rings_.empty() ? first_far_ : std::min(first_far_, rings_.begin()->at);
    if (first >= armed_) return;
    armed_ = first;
    if (!timer_) timer_.emplace(*ours_);
    timer_->expires_at(armed_);
    timer_->async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error) self->ring_due();
    });
}

void Home::ring_due() {
    auto const now = std::chrono::steady_clock::now();
    for (;;) {
        void (*call)(void*) = nullptr;
        std::shared_ptr<void> whom;
        {
            std::lock_guard const lock{mutex_};
            armed_ = std::chrono::steady_clock::time_point::max();
            put_near(now);
            if (rings_.empty() || rings_.begin()->at > now) return arm();
            call = rings_.begin()->call;
            whom = std::move(rings_.begin()->whom);
            rings_.erase(rings_.begin());
        }
        call(whom.get());
    }
}

void Home::shut() {
    Guests orphans;
    std::optional<asio::steady_timer> timer;
    {
        std::lock_guard const lock{mutex_};
        shut_ = true;
        timer = std::move(timer_);
        timer_.reset();
        rings_.clear();
        far_.clear();
        orphans.splice(orphans.end(), guests_);
        orphans.splice(orphans.end(), next_);
    }
    // Destroying what waits destroys frames, and with them others of this list: none is touched again.
    std::vector<std::shared_ptr<Guest>> owned;
    while (!orphans.empty()) {
        owned.push_back(std::move(orphans.front().self_));
        orphans.pop_front();
    }
    for (auto const& guest : owned)
        guest->evict();
}

}  // namespace cohort::io
