// SPDX-License-Identifier: MIT
// A client process of the fault scenarios: enqueues so many calls of one job, and waits for them so long. Its
// command line is written by Stage::start_client and by nobody else.
#include "base/failpoint.hpp"
#include "faults/asker.hpp"

#include <cohort/open.hpp>

#include <cstdio>

namespace {

int ask(char** argument) {
    auto const next = [&argument] { return std::string{*argument++}; };
    auto const millis = [&next] { return cohort::Duration{std::chrono::milliseconds{std::stoll(next())}}; };
    std::string const url = next();
    auto const ledger = std::make_shared<faults::Ledger>(next());
#ifndef NDEBUG
    cohort::arm_failpoints(next());
#endif
    std::string const job = next();
    faults::Load load{.job = job};
    load.number = std::stoi(next());
    load.count = std::stoi(next());
    load.options.keep_result = millis();
    auto const patience = millis();
    faults::Asker asker{cohort::open_broker(url), ledger, "c"};
    asker.enqueue(load);
    if (patience > cohort::Duration{}) {
        asker.wait(patience);
        asker.join();
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 9) return 2;
    try {
        return ask(argv + 1);
    } catch (std::exception const& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
