// SPDX-License-Identifier: MIT
// A scenario: its place in the fault matrix, what must be true, the brokers that it is about, and a few
// lines.
//
//   FAULT("F01", "sqlite memory", "kill -9 of a worker: its jobs run again elsewhere, and each ends once") {
//       stage.asker().enqueue({.job = "ok", .number = 3000, .count = 8});
//       stage.start(2);
//       …
//       stage.drain();
//       stage.check({.duplicates = 4});
//   }
//
// It becomes a case for each broker. COHORT_SEED replays one; without it each run draws its own, and prints
// it. NIGHTLY_FAULT is for what takes long.
#pragma once

#include "faults/stage.hpp"

namespace faults {

struct Scenario {
    std::string id;  // "F01", or several: "F01 F02"
    std::string brokers;
    std::string sentence;
    char const* file;
    std::size_t line;
    bool is_nightly;
    std::function<void(Stage& stage)> play;
};

// A static object.
struct AddScenario {
    explicit AddScenario(Scenario scenario);
};

std::vector<Scenario> const& scenarios();

}  // namespace faults

#define FAULT(id, brokers, sentence) FAULT_AT(__COUNTER__, id, brokers, sentence, false)
#define NIGHTLY_FAULT(id, brokers, sentence) FAULT_AT(__COUNTER__, id, brokers, sentence, true)
#define FAULT_AT(number, ...) FAULT_IN(number, __VA_ARGS__)
#define FAULT_IN(number, id, brokers, sentence, nightly)                                                     \
    static void fault_##number(::faults::Stage& stage);                                                      \
    static ::faults::AddScenario const fault_added_##number{                                                 \
        {id, brokers, sentence, __FILE__, __LINE__, nightly, &fault_##number}};                              \
    static void fault_##number(::faults::Stage& stage)
