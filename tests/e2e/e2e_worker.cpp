// SPDX-License-Identifier: MIT
#include <cohort/worker_main.hpp>

#include <cstdlib>
#include <fstream>

namespace {

// A program that takes its time: with E2E_GATE it goes on when somebody has opened and closed that FIFO.
void pass_gate(cohort::Worker&) {
    if (char const* const gate = std::getenv("E2E_GATE")) std::ifstream{gate}.get();
}

}  // namespace

int main(int argc, char** argv) {
    return cohort::worker_main(argc, argv, pass_gate);
}
