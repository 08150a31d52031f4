// SPDX-License-Identifier: MIT
#include "io/loop.hpp"

#include "io/home.hpp"

#include <cohort/log.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <future>
#include <pthread.h>
#include <thread>

namespace cohort::io {

struct Loop::State {
    State() { Home::make_ours(context); }

    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
    std::thread thread;
    std::promise<void> ended;
};

Loop::Loop(std::string name) : state_{std::make_shared<State>()} {
    name.resize(std::min<std::size_t>(name.size(), 15));
    state_->thread = std::thread{[state = state_, name] {
        pthread_setname_np(pthread_self(), name.c_str());
        Home::Running const running{state->context};
        // Nothing of ours lets an exception out into a loop; if a user's handler does, the loop goes on and
        // says so.
        for (;;) {
            try {
                state->context.run();
                state->ended.set_value();
                return;
            } catch (std::exception const& e) {
                log(LogLevel::error,
                    one_line(std::string{"an exception reached the event loop "} + name + ": " + e.what()));
            } catch (...) {
                log(LogLevel::error, "an exception reached the event loop " + name);
            }
        }
    }};
}

Loop::~Loop() {
    Home::of(state_->context)->stop();
    if (state_->thread.joinable()) state_->thread.join();
}

bool Loop::end_within(Duration patience) {
    Home::of(state_->context)->stop();
    if (!state_->thread.joinable()) return true;
    bool const ended = state_->ended.get_future().wait_for(patience) == std::future_status::ready;
    if (ended)
        state_->thread.join();
    else
        state_->thread.detach();
    return ended;
}

boost::asio::any_io_executor Loop::executor() const noexcept {
    return state_->context.get_executor();
}

bool Loop::is_this_thread() const noexcept {
    return std::this_thread::get_id() == state_->thread.get_id();
}

}  // namespace cohort::io
