// SPDX-License-Identifier: MIT
// The job of this program, as client and worker share it.
#pragma once

#include <cohort/codec.hpp>
#include <cohort/job.hpp>

#include <boost/describe.hpp>

#include <cstdint>
#include <string>

namespace files {

struct Report {
    std::string type;  // "text", "html", "gzip", …
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;  // as `wc -l` counts them
    std::uint64_t words = 0;  // as `wc -w` counts them in the C locale
    std::string sha256;       // hexadecimal
};
BOOST_DESCRIBE_STRUCT(Report, (), (type, bytes, lines, words, sha256))

// File names are bytes: nothing makes them UTF-8, so they travel as they are.
Report inspect(cohort::Bytes const& path);
COHORT_JOB(inspect, .params = "path", .queue = "files", .timeout = 5min, .max_retries = 2);

}  // namespace files
