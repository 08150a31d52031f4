// SPDX-License-Identifier: MIT
// Measures how fast Cohort is on a broker, beside the raw limit of what the broker stands on. benchmarks/run
// builds and starts it; benchmarks/README.md says what the figures mean.
#include "support/figure.hpp"
#include "support/parts.hpp"
#include "support/registry.hpp"
#include "support/rounds.hpp"
#include "support/usage.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace bench {

namespace {

struct Settings {
    std::vector<std::string> brokers{"sqlite"};
    std::vector<std::string> questions;  // empty: all
    std::vector<std::string> bodies{"coroutine", "plain", "quick"};
    std::vector<std::string> durabilities;  // empty: all that the broker knows
    double seconds = 5;
    int runs = 5;
    std::uint64_t jobs = 100'000;
    std::string folder = "/var/tmp";
    std::string json;
    bool quick = false;
    bool raw_only = false;
    std::string part;
    std::vector<std::string> words;
};

void describe(CLI::App& app, Settings& settings) {
    app.add_option("--broker", settings.brokers, "which to measure")->delimiter(',')->capture_default_str();
    app.add_option("--question", settings.questions, "what to measure; see below (default: everything)")
        ->delimiter(',');
    app.add_option("--body", settings.bodies, "of the jobs")
        ->delimiter(',')
        ->capture_default_str()
        ->check(CLI::IsMember{{"coroutine", "plain", "quick"}});
    app.add_option("--durability", settings.durabilities,
                   "normal, full (default: both, where the broker knows them)")
        ->delimiter(',');
    app.add_option("--seconds", settings.seconds, "of each measurement")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--runs", settings.runs, "measurements of each figure; the median counts")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--jobs", settings.jobs, "that wait to be drained")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--folder", settings.folder,
                   "where the stores are made and removed: a local disk, not memory")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    app.add_option("--json", settings.json, "the file for the figures");
    app.add_flag("--quick", settings.quick, "one short run of each, for trying");
    app.add_flag("--raw-only", settings.raw_only, "measure the raw limits alone");
    app.add_option("--part", settings.part)->group("");
    app.add_option("words", settings.words)->group("");
    std::string text = "Questions:\n";
    for (auto const& question : questions())
        text += "  " + question.name + ": " + question.says + "\n";
    app.footer(text);
}

bool is_wanted(std::vector<std::string> const& wanted, std::string const& name) {
    return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
}

Sample measured(Measure measure, Case what, std::string const& folder) {
    Folder const fresh{folder};
    what.folder = fresh.path();
    ServerFor const server{what};
    OtherPrograms const others;
    Sample sample = measure(what);
    sample.others = others.cores();
    return sample;
}

Figure measure_figure(Case const& what, Settings const& settings) {
    auto const& kind = broker(what.broker);
    auto const found = kind.raw.find(what.question);
    Measure const measure = question(what.question).measure;
    Figure figure;
    figure.what = what;
    for (int run = 0; run < settings.runs; ++run) {
        if (found != kind.raw.end()) {
            Case raw = what;
            raw.batch = figure.raw_batch = found->second.batch;
            figure.raw.push_back(measured(found->second.measure, raw, settings.folder));
        }
        if (!settings.raw_only) figure.ours.push_back(measured(measure, what, settings.folder));
    }
    return figure;
}

// In the order in which they are measured.
std::vector<Case> cases(Settings const& settings) {
    std::vector<Case> all;
    for (auto const& name : settings.brokers) {
        for (auto const& durability : broker(name).durabilities) {
            if (!durability.empty() && !is_wanted(settings.durabilities, durability)) continue;
            for (auto const& question : questions()) {
                if (!is_wanted(settings.questions, question.name)) continue;
                if (settings.raw_only && !broker(name).raw.contains(question.name)) continue;
                bool const has_bodies = question.has_bodies && !settings.raw_only;
                auto const bodies = has_bodies ? settings.bodies : std::vector<std::string>{""};
                for (auto const& body : bodies) {
                    all.push_back(Case{name, durability, question.name, body, "", settings.seconds,
                                       settings.jobs, question.concurrency, question.batch});
                }
            }
        }
    }
    return all;
}

void measure_all(Settings const& settings) {
    for (auto const& name : settings.questions)
        question(name);  // throws where there is none
    std::string objects;
    std::string said;
    for (auto const& what : cases(settings)) {
        if (what.question != said)
            std::cout << what.question << ": " << question(what.question).says << std::endl;
        said = what.question;
        Figure const figure = measure_figure(what, settings);
        std::cout << "  " << to_text(figure) << std::endl;
        objects += (objects.empty() ? "" : ",\n") + to_json(figure);
    }
    if (settings.json.empty()) return;
    std::ofstream file{settings.json};
    file << "[\n" << objects << "\n]\n";
    if (!file.flush()) throw std::runtime_error{"cannot write " + settings.json};
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    bench::Settings settings;
    CLI::App app{"Measures Cohort beside the raw limit of its broker.", "cohort_bench"};
    bench::describe(app, settings);
    CLI11_PARSE(app, argc, argv);
    if (settings.quick) {
        settings.seconds = std::min(settings.seconds, 0.5);
        settings.runs = 1;
        settings.jobs = std::min<std::uint64_t>(settings.jobs, 10'000);
    }
    try {
        if (!settings.part.empty()) return bench::run_part(settings.part, bench::Case::from(settings.words));
        bench::measure_all(settings);
        return 0;
    } catch (std::exception const& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
