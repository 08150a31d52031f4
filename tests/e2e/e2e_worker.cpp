// SPDX-License-Identifier: MIT
#include <cohort/worker_main.hpp>

int main(int argc, char** argv) {
    return cohort::worker_main(argc, argv);
}
