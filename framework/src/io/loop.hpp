// SPDX-License-Identifier: MIT
// An event loop on a thread of its own.
#pragma once

#include <cohort/time.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace cohort::io {

// One thread, so everything on its executor runs one at a time. The destructor stops the loop, joins the
// thread and destroys what was pending.
class Loop {
public:
    // `name` is what debuggers and top show; at most 15 characters of it.
    explicit Loop(std::string name);
    ~Loop();
    Loop(Loop const&) = delete;
    Loop& operator=(Loop const&) = delete;

    boost::asio::any_io_executor executor() const noexcept;
    bool is_this_thread() const noexcept;

    // Stops the loop and joins the thread, unless what runs there now does not return within `patience`: then
    // says false, and leaves thread and loop to themselves.
    bool end_within(Duration patience);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cohort::io
