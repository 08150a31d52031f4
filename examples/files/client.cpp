// SPDX-License-Identifier: MIT
// Walks a folder, makes each file a job, and shows what the workers found out.
#include "crew.hpp"
#include "files.hpp"
#include "summary.hpp"

#include <cohort/client.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <tuple>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

struct Settings {
    std::string folder = "/usr/share/doc";
    std::string broker;  // "": a file of our own that is removed at the end
    int workers = 2;
    bool kill = false;
    bool json = false;
};

Settings parse(int argc, char** argv) {
    Settings settings;
    CLI::App app{"Computes type, size, line and word counts and SHA-256 of every file of a folder, on worker "
                 "processes.",
                 "files"};
    app.add_option("folder", settings.folder, "the folder")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    app.add_option("--workers", settings.workers,
                   "worker processes; 0: `files_worker --broker … --queues files` runs elsewhere")
        ->check(CLI::Range(0, 64))
        ->capture_default_str();
    app.add_flag("--kill", settings.kill, "kill -9 one of the workers half-way: nothing is lost");
    app.add_option("--broker", settings.broker,
                   "where the jobs are kept (default: a file that is removed at the end)");
    app.add_flag("--json", settings.json, "print one JSON object instead of tables");
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        std::exit(app.exit(e));
    }
    if (settings.kill && settings.workers < 2) {
        std::fputs("--kill needs at least two workers: somebody has to do the work of the dead\n", stderr);
        std::exit(2);
    }
    if (settings.workers == 0 && settings.broker.empty()) {
        std::fputs("--workers 0 needs --broker: workers elsewhere have to know where the jobs are\n", stderr);
        std::exit(2);
    }
    return settings;
}

// Every regular file below the folder; symbolic links are not followed, as with `find -P -type f`.
std::vector<std::tuple<cohort::Bytes>> walk(std::string const& folder) {
    std::vector<std::tuple<cohort::Bytes>> paths;
    for (auto const& entry :
         fs::recursive_directory_iterator{folder, fs::directory_options::skip_permission_denied}) {
        if (entry.symlink_status().type() == fs::file_type::regular)
            paths.emplace_back(cohort::Bytes{entry.path().native()});
    }
    return paths;
}

class ProgressBar {
public:
    explicit ProgressBar(std::size_t total) : total_{total}, is_terminal_{isatty(STDERR_FILENO) == 1} {}

    void show(std::size_t done) {
        auto const percent = total_ == 0 ? 100 : done * 100 / total_;
        if (percent == shown_) return;
        shown_ = percent;
        if (!is_terminal_) {
            if (percent % 25 == 0) std::fprintf(stderr, "%3zu%% %zu of %zu files\n", percent, done, total_);
            return;
        }
        std::string const bar(percent / 2, '#');
        std::fprintf(stderr, "\r[%-50s] %3zu%% %zu of %zu files%s", bar.c_str(), percent, done, total_,
                     percent == 100 ? "\n" : "");
    }
    void say(std::string const& line) {
        std::fprintf(stderr, "%s%s\n", is_terminal_ ? "\r\033[K" : "", line.c_str());
    }

private:
    std::size_t total_;
    bool is_terminal_;
    std::size_t shown_ = 101;
};

cohort::awaitable<files::Summary> inspect_all(Settings const& settings, std::string const& broker) {
    auto const begun = std::chrono::steady_clock::now();
    cohort::Client client{broker};
    files::Crew crew{settings.workers, broker};

    auto const paths = walk(settings.folder);
    auto const jobs = co_await client.enqueue_jobs<files::inspect>(paths);

    files::Summary summary;
    ProgressBar bar{jobs.size()};
    bool kill_is_due = settings.kill;
    if (jobs.empty()) co_return summary;
    cohort::AsCompleted done{jobs};
    while (done.left() > 0) {
        std::size_t const index = co_await done.next(1h);
        auto outcome = done.outcome<files::Report>(index);
        std::string path = std::get<0>(paths[index]).str();
        if (outcome.has_value())
            summary.files.push_back(files::Entry{std::move(path), std::move(*outcome.value)});
        else
            summary.failures.push_back(files::Failure{std::move(path), outcome.error});

        auto const count = summary.files.size() + summary.failures.size();
        bar.show(count);
        if (kill_is_due && count * 2 >= jobs.size()) {
            kill_is_due = false;
            auto const pid = crew.kill_one();
            bar.say("killed worker " + std::to_string(pid) +
                    " (kill -9): in two seconds its jobs run on the others");
        }
    }
    summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    co_return summary;
}

}  // namespace

int main(int argc, char** argv) {
    Settings const settings = parse(argc, argv);
    fs::path folder;
    std::string broker = settings.broker;
    if (broker.empty()) {
        char name[] = "/tmp/cohort-files-XXXXXX";
        if (mkdtemp(name) == nullptr) return 1;
        folder = name;
        broker = "sqlite:" + (folder / "jobs.db").string();
    }
    int result = 1;
    try {
        auto const summary = cohort::run(inspect_all(settings, broker));
        if (settings.json)
            summary.print_json();
        else
            summary.print();
        result = summary.failures.empty() ? 0 : 1;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
    }
    if (!folder.empty()) fs::remove_all(folder);
    return result;
}
