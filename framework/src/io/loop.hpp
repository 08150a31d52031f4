// SPDX-License-Identifier: MIT
// An event loop on a thread of its own.
#pragma once

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

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cohort::io
