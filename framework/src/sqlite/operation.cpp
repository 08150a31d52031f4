// SPDX-License-Identifier: MIT
#include "sqlite/operation.hpp"

#include "io/copy_of.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace cohort::sqlite {

bool Operation::put_back() {
    state_.store(State::queued);
    // Somebody may have tried to withdraw it while it was begun; both orders of these two lines and
    // withdraw()'s two are right, since each side writes before it reads.
    if (!leaving_.load()) return true;
    auto expected = State::queued;
    if (state_.compare_exchange_strong(expected, State::begun)) {
        finish(std::make_exception_ptr(boost::system::system_error{boost::asio::error::operation_aborted}));
    }
    return false;
}

void Operation::finish(std::exception_ptr fault) {
    // The thread may have it still, as what it is handling.
    error = io::copy_of(fault);
    state_.store(State::ended);
    wake.wake();
}

bool Operation::withdraw() noexcept {
    leaving_.store(true);
    auto expected = State::queued;
    return state_.compare_exchange_strong(expected, State::withdrawn);
}

}  // namespace cohort::sqlite
