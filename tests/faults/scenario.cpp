// SPDX-License-Identifier: MIT
// The lists of scenarios and of brokers, and the Catch2 cases that they become.
#include "faults/scenario.hpp"

#include "faults/report.hpp"

#include <cohort/log.hpp>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <sstream>

namespace faults {

namespace {

struct Lists {
    std::vector<Scenario> scenarios;
    std::vector<Backend> backends;
};

// Made on first use: the objects that fill it are static, in many files.
Lists& lists() {
    static Lists all;
    return all;
}

std::vector<std::string> words(std::string const& text) {
    std::istringstream in{text};
    return {std::istream_iterator<std::string>{in}, {}};
}

std::uint64_t draw_seed() {
    if (char const* const given = std::getenv("COHORT_SEED")) return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

class Invoker : public Catch::ITestInvoker {
public:
    Invoker(Backend backend, Scenario scenario)
        : backend_{std::move(backend)}, scenario_{std::move(scenario)},
          seed_given_{std::getenv("COHORT_SEED") != nullptr} {}

    void invoke() const override {
#ifdef NDEBUG
        std::printf("SKIPPED: this build has no failpoints\n");
#else
        if (auto const missing = backend_.missing(); !missing.empty()) {
            std::printf("SKIPPED: %s\n", missing.c_str());
            return;
        }
        if (!seed_given_) ::unsetenv("COHORT_SEED");  // left there by the scenario before
        auto const seed = draw_seed();
        std::printf("%s on %s: COHORT_SEED=%llu\n", scenario_.id.c_str(), backend_.name.c_str(),
                    static_cast<unsigned long long>(seed));
        INFO("to play it again: COHORT_SEED=" << seed);
        cohort::set_log_level(cohort::LogLevel::error);
        Stage stage{backend_, scenario_.id + ": " + scenario_.sentence, seed};
        scenario_.play(stage);
#endif
    }

private:
    Backend backend_;
    Scenario scenario_;
    bool seed_given_;
};

void add_case(Backend const& backend, Scenario const& scenario) {
    bool is_meant = false;
    for (auto const& name : words(scenario.brokers))
        is_meant = is_meant || name == backend.name;
    if (!is_meant) return;
    std::string tags = "[faults][" + backend.name + "]";
    // One broker on another's store needs what both need.
    if (auto const plus = backend.name.find('+'); plus != std::string::npos)
        tags += "[" + backend.name.substr(0, plus) + "][" + backend.name.substr(plus + 1) + "]";
    for (auto const& id : words(scenario.id))
        tags += "[" + id + "]";
    if (scenario.is_nightly)
        tags += "[.nightly][timeout:900]";
    else
        tags += "[timeout:240]";
    std::string const name = backend.name + " " + scenario.id + ": " + scenario.sentence;
    Catch::AutoReg const registration{new Invoker{backend, scenario},
                                      Catch::SourceLineInfo{scenario.file, scenario.line}, "",
                                      Catch::NameAndTags{name, tags}};
}

}  // namespace

std::vector<Scenario> const& scenarios() {
    return lists().scenarios;
}

AddScenario::AddScenario(Scenario scenario) {
    for (Backend const& backend : lists().backends)
        add_case(backend, scenario);
    lists().scenarios.push_back(std::move(scenario));
}

AddBackend::AddBackend(std::string name, std::function<std::unique_ptr<Store>(StoreParams const&)> make,
                       std::function<std::string()> missing) {
    Backend const backend{std::move(name), std::move(make), std::move(missing)};
    for (Scenario const& scenario : scenarios())
        add_case(backend, scenario);
    lists().backends.push_back(backend);
}

}  // namespace faults
