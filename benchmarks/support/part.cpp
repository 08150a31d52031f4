// SPDX-License-Identifier: MIT
// The side of the part.
#include "support/parts.hpp"
#include "support/usage.hpp"

#include <cohort/log.hpp>

#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>

namespace bench {

namespace {

std::map<std::string, PartFunction>& parts() {
    static std::map<std::string, PartFunction> all;
    return all;
}

}  // namespace

Part::Part(std::string name, PartFunction function) {
    parts()[std::move(name)] = function;
}

void say(std::string_view line) {
    std::cout << line << std::endl;
}

std::string hear() {
    std::string line;
    if (!std::getline(std::cin, line)) throw std::runtime_error{"the measuring program is gone"};
    return line;
}

void answer_until_stop() {
    for (;;) {
        std::string const line = hear();
        if (line == "stop") return;
        say(line_of(used_so_far()));
    }
}

int run_part(std::string const& name, Case const& what) {
    try {
        auto const found = parts().find(name);
        if (found == parts().end()) throw std::runtime_error{"there is no such part"};
        // On a busy machine there are warnings of slow bodies.
        cohort::set_log_level(cohort::LogLevel::error);
        found->second(what);
        return 0;
    } catch (std::exception const& error) {
        std::cerr << name << ": " << error.what() << "\n";
        return 1;
    }
}

}  // namespace bench
