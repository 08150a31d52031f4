// SPDX-License-Identifier: MIT
#include "broker/sender.hpp"

#include <cohort/version.hpp>

#include <array>
#include <unistd.h>

namespace cohort {

std::string sender(std::string_view name) {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return std::string{name} + "@" + host.data() + "/" + std::to_string(getpid()) + ", cohort " + version();
}

}  // namespace cohort
