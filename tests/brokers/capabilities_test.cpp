// SPDX-License-Identifier: MIT
// docs/brokers/capabilities.md is what the suite says. After a change of the brokers or of the promises:
//
//   COHORT_WRITE_DOCS=1 build/dev/tests/test_brokers
//
// writes it again, if all promises are kept.
#include "brokers/conformance/suite.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

namespace cohort::conformance {

namespace {

std::filesystem::path page_path() {
    return std::filesystem::path{COHORT_SOURCE_DIR} / "docs/brokers/capabilities.md";
}

std::map<std::string, Capabilities> all_capabilities() {
    std::map<std::string, Capabilities> all;
    for (Backend const& backend : backends())
        all.emplace(backend.name, backend.make_rig()->broker().capabilities());
    return all;
}

template<class Cell>
void write_row(std::ostream& out, std::string const& head, std::map<std::string, Capabilities> const& brokers,
               Cell cell) {
    out << "| " << head << " |";
    for (auto const& [name, capabilities] : brokers)
        out << ' ' << cell(name, capabilities) << " |";
    out << '\n';
}

void write_head(std::ostream& out, std::string const& head,
                std::map<std::string, Capabilities> const& brokers) {
    write_row(out, head, brokers, [](std::string const& name, auto const&) { return name; });
    write_row(out, "---", brokers, [](auto const&...) { return "---"; });
}

// How many promises of a verb are asked of this broker, out of how many.
std::string share(std::string const& verb, Capabilities const& capabilities) {
    int asked = 0;
    int all = 0;
    for (Promise const& promise : promises()) {
        if (promise.verb != verb) continue;
        ++all;
        if (lacking(promise, capabilities).empty()) ++asked;
    }
    return asked == all ? std::to_string(all) : std::to_string(asked) + " of " + std::to_string(all);
}

std::string page() {
    auto const brokers = all_capabilities();
    std::ostringstream out;
    out << "# What each broker can do\n\n"
           "Written by the conformance suite (`tests/brokers`); do not edit. A broker says of itself what it "
           "can do, and a\n"
           "verb that needs what it cannot do is refused with `not_supported`. What each line means is said "
           "in\n"
           "`cohort/broker.hpp`, at `Capabilities`.\n\n";
    write_head(out, "capability", brokers);
    for (CapabilityName const& capability : capability_names()) {
        auto const cell = [&](auto const&, Capabilities const& has) {
            return has.*capability.member ? "yes" : "no";
        };
        write_row(out, std::string{"`"} + capability.name + "`", brokers, cell);
    }

    out << "\n## Promises kept\n\n"
           "The cases of the suite, by verb. Those that need a capability which a broker lacks are not asked "
           "of it.\n\n";
    write_head(out, "verb", brokers);
    std::map<std::string, int> verbs;
    for (Promise const& promise : promises())
        ++verbs[promise.verb];
    for (auto const& [verb, count] : verbs) {
        std::string const name = verb;
        write_row(out, name, brokers, [&](auto const&, Capabilities const& has) { return share(name, has); });
    }
    return out.str();
}

std::string read_page() {
    std::ifstream file{page_path()};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Writes the page when a whole run has kept every promise.
class PageWriter : public Catch::TestEventListenerBase {
public:
    using TestEventListenerBase::TestEventListenerBase;

    void testRunEnded(Catch::TestRunStats const& stats) override {
        if (std::getenv("COHORT_WRITE_DOCS") == nullptr) return;
        std::size_t const whole = promises().size() * backends().size();
        if (!stats.totals.testCases.allOk() || stats.totals.testCases.total() < whole) {
            std::cout
                << "docs/brokers/capabilities.md is not written: not every promise was asked and kept\n";
            return;
        }
        std::filesystem::create_directories(page_path().parent_path());
        std::ofstream{page_path()} << page();
    }
};

}  // namespace

TEST_CASE("the table of capabilities in the docs is what the suite says", "[docs]") {
    if (std::getenv("COHORT_WRITE_DOCS") != nullptr) {
        SUCCEED("it is written at the end of this run");
        return;
    }
    if (!all_capabilities().contains("sqlite") || !all_capabilities().contains("redis") ||
        !all_capabilities().contains("rabbitmq")) {
        std::cout << "SKIPPED: this build has not all brokers\n";
        return;
    }
    INFO("to write it: COHORT_WRITE_DOCS=1 test_brokers");
    CHECK(read_page() == page());
}

CATCH_REGISTER_LISTENER(PageWriter)

}  // namespace cohort::conformance
