// SPDX-License-Identifier: MIT
// The main of every test program: Catch2's, with two additions.
//
//   PROGRAM --ctest FILE ROOM SECONDS PROPERTIES
//       writes FILE, which adds one ctest test per case, called "ROOM: name", with the given properties. The
//       case's tags become labels; [timeout:90] replaces the limit of SECONDS, [serial] lets the case run
//       alone, [heavy] beside two others such, [rabbitmq] gives it the server of the run. Under sanitizers
//       [heavy] cases, and those that play [again] what others do, are left to the night. Of the hidden
//       cases only those tagged [.nightly] are listed.
//   COHORT_TEST_REPORT=FILE in the environment
//       each finished case appends a line of JSON to FILE: name, tags, place, verdict, seconds, and seconds
//       of processor time with those of its processes that have ended.
//
// A case that cannot run here says why in a line that begins with "SKIPPED: ", and returns; ctest counts it
// as skipped.
#include "support/late_cases.hpp"
#include "support/slowness.hpp"

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

namespace {

std::string escaped(std::string const& text, std::string const& special) {
    std::string out;
    for (char const c : text) {
        if (special.find(c) != std::string::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string quoted_json(std::string const& text) {
    return '"' + escaped(text, "\"\\") + '"';
}

// Catch2 reads its argument as a pattern; ctest's file is CMake, where brackets quote everything.
std::string quoted_cmake(std::string const& text) {
    return "[==[" + text + "]==]";
}

constexpr char const* night_under_sanitizers = support::slowness > 1 ? ";nightly" : "";

std::string ctest_lines(Catch::TestCase const& test, std::string const& program, std::string const& room,
                        std::string seconds, std::string properties) {
    std::string labels = room;
    for (std::string const& tag : test.lcaseTags) {
        if (tag.starts_with("timeout:")) {
            seconds = tag.substr(8);
        } else if (tag == "serial") {
            properties += " RUN_SERIAL TRUE";
        } else if (tag == "heavy") {
            // Behind one of three locks. They are what takes longest, so they begin first.
            static int heavy = 0;
            if (!test.isHidden()) ++heavy;
            properties += " RESOURCE_LOCK heavy" + std::to_string(heavy % 3) + " COST 20";
            labels += night_under_sanitizers;
        } else if (tag == "again") {
            labels += night_under_sanitizers;
        } else if (tag == "rabbitmq") {
            properties += " FIXTURES_REQUIRED rabbitmq";
            labels += ";rabbitmq";
        } else if (tag != "." && tag != "!hide") {
            labels += ';' + tag;
        }
    }
    std::string const name = quoted_cmake(room + ": " + test.name);
    return "add_test(" + name + ' ' + quoted_cmake(program) + ' ' +
           quoted_cmake(escaped(test.name, "\\,[]\"~*")) + " --warn NoTests)\n" + "set_tests_properties(" +
           name + " PROPERTIES TIMEOUT " + seconds + " LABELS " + quoted_cmake(labels) +
           " SKIP_REGULAR_EXPRESSION [==[(^|\n)SKIPPED: ]==] " + properties + ")\n";
}

int write_ctest_file(Catch::IConfig const& config, std::string const& program,
                     std::vector<std::string> const& arguments) {
    std::string const& file = arguments.at(1);
    std::ofstream out{file};
    for (Catch::TestCase const& test : Catch::getAllTestCasesSorted(config)) {
        auto const nightly = std::find(test.lcaseTags.begin(), test.lcaseTags.end(), "nightly");
        if (test.isHidden() && nightly == test.lcaseTags.end()) continue;
        out << ctest_lines(test, program, arguments.at(2), arguments.at(3), arguments.at(4));
    }
    out.flush();
    if (!out) std::cerr << "cannot write " << file << '\n';
    return out ? 0 : 1;
}

double processor_seconds(int whose) {
    rusage used{};
    ::getrusage(whose, &used);
    auto const seconds = [](timeval const& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}
double processor_seconds() {
    return processor_seconds(RUSAGE_SELF) + processor_seconds(RUSAGE_CHILDREN);
}

class Report : public Catch::TestEventListenerBase {
public:
    using TestEventListenerBase::TestEventListenerBase;

    void testCaseStarting(Catch::TestCaseInfo const&) override { timer_.start(); }

    void testCaseEnded(Catch::TestCaseStats const& stats) override {
        char const* const file = std::getenv("COHORT_TEST_REPORT");
        if (file == nullptr) return;

        // The first case has what it took to start the program.
        double const before = std::exchange(processor_, processor_seconds());
        std::string tags;
        for (std::string const& tag : stats.testInfo.tags) {
            tags += (tags.empty() ? "" : ",") + quoted_json(tag);
        }
        auto const& place = stats.testInfo.lineInfo;
        std::string const line = "{\"name\":" + quoted_json(stats.testInfo.name) + ",\"tags\":[" + tags +
                                 "],\"file\":" + quoted_json(place.file) +
                                 ",\"line\":" + std::to_string(place.line) +
                                 ",\"passed\":" + (stats.totals.assertions.allOk() ? "true" : "false") +
                                 ",\"assertions\":" + std::to_string(stats.totals.assertions.total()) +
                                 ",\"seconds\":" + std::to_string(timer_.getElapsedSeconds()) +
                                 ",\"processor\":" + std::to_string(processor_ - before) + "}\n";
        // One write to a file that is open for appending: cases that run side by side do not mix their lines.
        std::ofstream{file, std::ios::app} << line;
    }

private:
    Catch::Timer timer_;
    double processor_ = 0;
};

}  // namespace

CATCH_REGISTER_LISTENER(Report)

int main(int argc, char** argv) {
    support::make_late_cases();
    Catch::Session session;
    std::vector<std::string> const arguments(argv + 1, argv + argc);
    if (arguments.size() == 5 && arguments.front() == "--ctest") {
        return write_ctest_file(session.config(), argv[0], arguments);
    }
    return session.run(argc, argv);
}
