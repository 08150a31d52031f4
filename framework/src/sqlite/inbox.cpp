// SPDX-License-Identifier: MIT
#include "sqlite/inbox.hpp"

#include <cohort/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace cohort::sqlite {

namespace asio = boost::asio;

namespace {

constexpr auto patience = std::chrono::microseconds{25};

int make_event() {
    int const fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        throw Error{errc::storage_open,
                    std::string{"cannot make an event descriptor: "} + std::strerror(errno)};
    return fd;
}

}  // namespace

Inbox::Inbox(std::string file) : file_{std::move(file)}, event_{make_event()} {}

Inbox::~Inbox() {
    ::close(event_);
}

void Inbox::put(std::shared_ptr<Operation> operation) {
    {
        std::lock_guard const lock{mutex_};
        if (closed_.load()) throw Error{errc::closed, "the broker on \"" + file_ + "\" is closed"};
        if (failure_) std::rethrow_exception(failure_);
        operations_.push_back(std::move(operation));
        waiting_.store(operations_.size(), std::memory_order_relaxed);
    }
    // Only a sleeper needs the system call; it looks once more after it has said that it sleeps.
    if (asleep_.load()) signal();
}

void Inbox::close() noexcept {
    {
        std::lock_guard const lock{mutex_};
        closed_.store(true);
    }
    signal();
}

void Inbox::fail(std::exception_ptr error) noexcept {
    {
        std::lock_guard const lock{mutex_};
        failure_ = std::move(error);
    }
    signal();
}

std::exception_ptr Inbox::failure() const {
    std::lock_guard const lock{mutex_};
    return failure_;
}

void Inbox::signal() noexcept {
    std::uint64_t const one = 1;
    [[maybe_unused]] auto const written = ::write(event_, &one, sizeof one);
}

// Who has just been answered often asks again at once, a worker above all: falling asleep and being woken
// costs more than a moment's patience. Other threads have the core meanwhile if they want it.
bool Inbox::linger() {
    auto const until = std::chrono::steady_clock::now() + patience;
    do {
        if (waiting_.load(std::memory_order_relaxed) > 0) return true;
        ::sched_yield();
    } while (std::chrono::steady_clock::now() < until);
    return false;
}

void Inbox::sleep(int other_fd, Deadline deadline) {
    if (std::exchange(is_fresh_, false) && linger()) return;
    asleep_.store(true);
    bool something = false;
    {
        std::lock_guard const lock{mutex_};
        something = !operations_.empty();
    }
    if (!something) {
        timespec span{};
        if (deadline) {
            auto const left = std::max(*deadline - std::chrono::steady_clock::now(),
                                       std::chrono::steady_clock::duration::zero());
            auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
            span.tv_sec = seconds.count();
            span.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left - seconds).count();
        }
        pollfd fds[] = {{event_, POLLIN, 0}, {other_fd, POLLIN, 0}};
        ::ppoll(fds, other_fd < 0 ? 1 : 2, deadline ? &span : nullptr, nullptr);
        if ((fds[0].revents & POLLIN) != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] auto const got = ::read(event_, &count, sizeof count);
        }
    }
    asleep_.store(false);
}

std::vector<std::shared_ptr<Operation>> Inbox::take() {
    std::lock_guard const lock{mutex_};
    waiting_.store(0, std::memory_order_relaxed);
    is_fresh_ = !operations_.empty();
    return std::exchange(operations_, {});
}

awaitable<void> perform(std::shared_ptr<Inbox> inbox, std::shared_ptr<Operation> operation) {
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    bool withdrawn = false;
    inbox->put(operation);
    while (!withdrawn && !operation->is_ended()) {
        bool const woken = co_await operation->wake.wait_quietly();
        if (!woken) withdrawn = operation->withdraw();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (withdrawn) {
        if (inbox->is_blocked()) {
            throw Error{errc::busy, "another program holds the write lock of \"" + inbox->file() +
                                        "\"; nothing was changed"};
        }
        throw boost::system::system_error{asio::error::operation_aborted};
    }
    if (operation->error) std::rethrow_exception(operation->error);
}

}  // namespace cohort::sqlite
