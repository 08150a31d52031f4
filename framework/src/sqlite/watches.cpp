// SPDX-License-Identifier: MIT
#include "sqlite/watches.hpp"

#include "io/alarm.hpp"
#include "io/readable.hpp"
#include "io/wake.hpp"

#include <cohort/error.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace cohort::sqlite {

namespace {

constexpr Duration look_pause = 1s;  // so often a watch looks by itself
constexpr Duration longest_wait = 24h * 365;

}  // namespace

// One watch, from its begin to its end.
class Watches::Turn {
public:
    // One watch per client: the new one takes over.
    Turn(Watches& watches, std::string bell) : watches_{watches}, bell_{std::move(bell)} {
        std::lock_guard const lock{watches_.mutex_};
        if (!watches_.closed_ && !watches_.failure_) watches_.ear_.listen(bell_);
        auto& watching = watches_.watching_[bell_];
        if (watching) watching->wake();
        watching = wake_;
    }
    ~Turn() {
        std::lock_guard const lock{watches_.mutex_};
        auto const own = watches_.watching_.find(bell_);
        if (own != watches_.watching_.end() && own->second == wake_) watches_.watching_.erase(own);
    }
    Turn(Turn const&) = delete;
    Turn& operator=(Turn const&) = delete;

    std::shared_ptr<io::Wake> const& wake() const noexcept { return wake_; }
    int fd() const {
        std::lock_guard const lock{watches_.mutex_};
        return watches_.ear_.fd();
    }

    // True when the watch is over: `ended` has what was left with the bell, also before it began, or another
    // one has taken over.
    bool look(std::vector<EndedJob>& ended) {
        std::lock_guard const lock{watches_.mutex_};
        if (watches_.failure_) std::rethrow_exception(watches_.failure_);
        if (watches_.closed_)
            throw Error{errc::closed, "the broker on \"" + watches_.file_ + "\" was closed"};
        if (watches_.watching_[bell_] != wake_) return true;
        check();
        // Whoever comes first hears for all.
        for (auto const& bell : watches_.ear_.heard()) {
            auto const watching = watches_.watching_.find(bell);
            if (watching != watches_.watching_.end() && watching->second != wake_) watching->second->wake();
        }
        ended = watches_.ear_.notices(bell_);
        return !ended.empty();
    }

private:
    void check() {
        auto const now = std::chrono::steady_clock::now();
        if (now - watches_.last_check_ < look_pause) return;
        watches_.ear_.check();
        watches_.last_check_ = now;
    }

    Watches& watches_;
    std::string const bell_;
    std::shared_ptr<io::Wake> const wake_ = std::make_shared<io::Wake>();
};

Watches::Watches(Config const& config)
    : file_{config.path}, space_{config.space}, ear_{config.path + "-bells"} {}

awaitable<std::vector<EndedJob>> Watches::watch(std::shared_ptr<Watches> self, WatchParams params) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto const until = io::steady_now(executor) + std::min(params.wait, longest_wait);
    Turn turn{*self, client_bell(self->space_, params.client)};
    std::optional<io::Readable> readable;
    std::vector<EndedJob> ended;
    while (!turn.look(ended)) {
        auto const left = until - io::steady_now(executor);
        if (left <= 0s) break;
        if (!readable) readable.emplace(executor, turn.fd(), turn.wake());
        readable->arm();
        co_await turn.wake()->wait_for(std::min(left, look_pause));
    }
    co_return ended;
}

void Watches::wake_all() noexcept {
    for (auto const& [bell, wake] : watching_)
        wake->wake();
}

void Watches::close() noexcept {
    std::lock_guard const lock{mutex_};
    closed_ = true;
    wake_all();
}

void Watches::fail(std::exception_ptr error) noexcept {
    std::lock_guard const lock{mutex_};
    failure_ = std::move(error);
    wake_all();
}

}  // namespace cohort::sqlite
