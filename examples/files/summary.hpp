// SPDX-License-Identifier: MIT
// What came out, for people and for machines.
#pragma once

#include "files.hpp"

#include <map>
#include <string>
#include <vector>

namespace files {

struct Entry {
    std::string path;
    Report report;
};

struct Failure {
    std::string path;
    std::string error;
};

struct Summary {
    std::vector<Entry> files;
    std::vector<Failure> failures;
    double seconds = 0;

    void print() const;       // tables
    void print_json() const;  // one object: totals, and each file with its figures
};

}  // namespace files
