// SPDX-License-Identifier: MIT
#include "io/home.hpp"

#include <cohort/run.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace cohort::detail {

void run_to_end(awaitable<void> program) {
    boost::asio::io_context context{1};
    auto const work = boost::asio::make_work_guard(context);
    io::Home::make_ours(context);
    auto const home = io::Home::of(context);
    std::exception_ptr failure;
    bool is_over = false;
    boost::asio::co_spawn(context, std::move(program), [&](std::exception_ptr error) {
        failure = std::move(error);
        is_over = true;
        home->stop();  // whatever it left behind is destroyed, not waited for
    });
    {
        io::Home::Running const running{context};
        while (!is_over)
            context.run();
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace cohort::detail
