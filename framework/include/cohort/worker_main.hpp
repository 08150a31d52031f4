// SPDX-License-Identifier: MIT
// A whole worker program in one line.
//
//   int main(int argc, char** argv) { return cohort::worker_main(argc, argv); }
#pragma once

#include <cohort/worker.hpp>

#include <functional>

namespace cohort {

// Reads the command line (--help tells it), makes a worker, calls `setup` with it (for add, use, provide),
// and runs it until SIGINT or SIGTERM, which may come while it still starts: running jobs then finish, or are
// handed back. A second signal ends the program at once. Returns what main() is to return: 0 after an orderly
// stop, 1 when it could not start, 2 for a wrong command line.
int worker_main(int argc, char** argv, std::function<void(Worker&)> const& setup = {});

}  // namespace cohort
