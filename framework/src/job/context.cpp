// SPDX-License-Identifier: MIT
// What every context has in common.
#include <cohort/context.hpp>

namespace cohort {

void Context::log(LogLevel level, std::string_view text) const {
    if (!is_logged(level)) return;
    JobRecord const& record = job();
    std::string line =
        record.name + ' ' + to_string(record.ref) + " attempt " + std::to_string(attempt()) + ": ";
    line += text;
    cohort::log(level, line);
}

}  // namespace cohort
