// SPDX-License-Identifier: MIT
// What every context has in common.
#include <cohort/context.hpp>
#include <cohort/error.hpp>

namespace cohort {

void Context::log(LogLevel level, std::string_view text) const {
    if (!is_logged(level)) return;
    JobRecord const& record = job();
    std::string line =
        record.name + " " + to_string(record.ref) + " attempt " + std::to_string(attempt()) + ": ";
    line += text;
    cohort::log(level, line);
}

void Context::add_commit_hook(std::function<void(void*)>) {
    throw Error{errc::not_supported,
                "this broker cannot store what a job writes together with its outcome; use sqlite:path.db"};
}

}  // namespace cohort
