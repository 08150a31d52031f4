// SPDX-License-Identifier: MIT
#include "faults/usage.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace faults {

namespace {

std::size_t entries(std::string const& folder) {
    using std::filesystem::directory_iterator;
    return static_cast<std::size_t>(std::distance(directory_iterator{folder}, directory_iterator{}));
}

}  // namespace

Usage usage_of(std::string const& pid) {
    Usage usage;
    usage.descriptors = entries("/proc/" + pid + "/fd");
    usage.threads = entries("/proc/" + pid + "/task");
    std::ifstream status{"/proc/" + pid + "/status"};
    std::string word;
    while (status >> word) {
        if (word == "VmRSS:") status >> usage.kilobytes;
    }
    return usage;
}

}  // namespace faults
