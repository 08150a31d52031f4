// SPDX-License-Identifier: MIT
// The worker program: the jobs are linked, the rest is cohort's.
#include <cohort/worker_main.hpp>

int main(int argc, char** argv) {
    return cohort::worker_main(argc, argv);
}
