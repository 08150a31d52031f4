// SPDX-License-Identifier: MIT
#include "io/signals.hpp"
#include "open/serve.hpp"

#include <cohort/log.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/url.hpp>
#include <cohort/version.hpp>
#include <cohort/worker_main.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <map>

namespace cohort {

namespace {

struct Settings {
    std::string broker = default_broker_url();
    WorkerOptions worker;
    LogLevel level = LogLevel::warn;
    bool list_jobs = false;
};

// An option that takes "30s", "2min", …
void add_duration(CLI::App& app, std::string const& name, Duration& value, std::string const& help) {
    auto parse = [&value, name](std::string const& text) {
        auto const span = parse_duration(text);
        if (!span)
            throw CLI::ValidationError{name, "\"" + text + "\" is no duration; write 500ms, 30s, 5min or 1h"};
        value = *span;
    };
    app.add_option_function<std::string>(name, parse, help)->type_name("TIME")->default_str(to_string(value));
}

void describe(CLI::App& app, Settings& settings) {
    auto& worker = settings.worker;
    app.footer("Signals: SIGTERM or SIGINT lets running jobs finish (see --grace), then hands back the rest; "
               "a second one ends\n"
               "the program at once. Nothing is lost either way.");
    app.set_version_flag("--version", std::string{"cohort "} + version());
    app.add_option("-b,--broker", settings.broker,
                   "where the jobs are: sqlite:FILE, redis://HOST, amqp://HOST, memory:")
        ->envname("COHORT_BROKER")
        ->capture_default_str();
    app.add_option("-q,--queues", worker.queues, "queues, emptied in this order")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--weights", worker.weights,
                   "one for each queue: how often it comes first, instead of in order")
        ->delimiter(',');
    app.add_option("-c,--concurrency", worker.concurrency, "jobs at once")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    app.add_option("-t,--threads", worker.threads, "event loops for coroutine bodies")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    app.add_option("-n,--name", worker.name, "shown in listings");
    add_duration(app, "--lease", worker.lease,
                 "without a sign of life for so long, this worker's jobs go to others");
    add_duration(app, "--upkeep", worker.upkeep, "how often to look for jobs of dead workers");
    add_duration(app, "--grace", worker.grace, "how long running jobs may go on after a signal");
    std::map<std::string, LogLevel> const levels{{"debug", LogLevel::debug},
                                                 {"info", LogLevel::info},
                                                 {"warn", LogLevel::warn},
                                                 {"error", LogLevel::error},
                                                 {"off", LogLevel::off}};
    auto set_level = [&settings, levels](std::string const& text) { settings.level = levels.at(text); };
    app.add_option_function<std::string>("--log", set_level, "how much to say")
        ->check(CLI::IsMember{{"debug", "info", "warn", "error", "off"}})
        ->default_str("warn");
    app.add_flag("--list-jobs", settings.list_jobs, "print the job functions of this program and exit");
}

void print_jobs(Catalog const& catalog) {
    for (auto const* entry : catalog.entries()) {
        std::printf("%-40s %-9s %s\n", entry->name.c_str(), std::string{to_string(entry->kind)}.c_str(),
                    entry->file.c_str());
    }
}

}  // namespace

int worker_main(int argc, char** argv, std::function<void(Worker&)> const& setup) {
    // What follows may take its time, and who stops the program meanwhile has not made a mistake.
    io::keep_stop_signals();
    Settings settings;
    CLI::App app{"Runs the jobs of this program.", argc > 0 ? argv[0] : "worker"};
    describe(app, settings);
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    set_log_level(settings.level);
    try {
        if (settings.list_jobs) {
            auto broker = open_broker("memory:");
            Worker worker{broker};
            if (setup) setup(worker);
            print_jobs(worker.catalog());
            return 0;
        }
        Worker worker{settings.broker, settings.worker};
        if (setup) setup(worker);
        auto const jobs = worker.catalog().entries();
        std::string names;
        for (auto const* entry : jobs)
            names += (names.empty() ? "" : ", ") + entry->name;
        std::fprintf(stderr, "%zu job functions: %s\n", jobs.size(), names.c_str());
        for (auto const& schedule : worker.schedules()) {
            std::fprintf(stderr, "schedule %s: %s, next at %s\n", schedule.name.c_str(),
                         schedule.when.text().c_str(),
                         to_string(schedule.when.next(system_clock().now())).c_str());
        }
        run(serve(worker));
        bool const is_stuck = worker.stats().stuck > 0;
        if (is_stuck) std::_Exit(0);  // a body that does not end must not keep the program
        return 0;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", one_line(e.what()).c_str());
        return 1;
    }
}

}  // namespace cohort
