// SPDX-License-Identifier: MIT
#include "support/rounds.hpp"

#include "support/server.hpp"

#include <cerrno>
#include <filesystem>
#include <stdlib.h>
#include <system_error>

namespace bench {

Sample in_rounds(Case const& what, Measure once) {
    Sample sum;
    while (sum.seconds < what.seconds) {
        Folder const folder{what.folder};
        Case round = what;
        round.folder = folder.path();
        ServerFor const server{round};
        Sample const sample = once(round);
        sum.seconds += sample.seconds;
        sum.jobs += sample.jobs;
        if (sample.client) sum.client = sum.client.value_or(Usage{}) += *sample.client;
        if (sample.worker) sum.worker = sum.worker.value_or(Usage{}) += *sample.worker;
        if (sample.server_us) sum.server_us = sum.server_us.value_or(0) + *sample.server_us;
    }
    return sum;
}

Folder::Folder(std::string const& below) : path_{below + "/cohort_bench_XXXXXX"} {
    if (mkdtemp(path_.data()) == nullptr) throw std::system_error{errno, std::generic_category(), path_};
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace bench
