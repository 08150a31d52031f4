// SPDX-License-Identifier: MIT
#include "faults/report.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>

namespace faults {

namespace {

constexpr char const* begin_mark = "<!-- table: written by the run -->";
constexpr char const* end_mark = "<!-- end of table -->";

std::filesystem::path page_path() {
    return std::filesystem::path{COHORT_SOURCE_DIR} / "docs/reliability.md";
}

// By scenario and broker: their lines.
std::map<std::string, std::string>& rows_of_case() {
    static std::map<std::string, std::string> rows;
    return rows;
}
std::map<std::string, std::string>& rows_of_run() {
    static std::map<std::string, std::string> rows;
    return rows;
}

std::string seconds(cohort::Duration span) {
    if (span == cohort::Duration{}) return "";
    std::ostringstream out;
    out << std::fixed << std::setprecision(1) << static_cast<double>(span.count()) / 1e6 << " s";
    return out.str();
}

std::string line_of(std::string const& scenario, Row const& row) {
    auto const at = scenario.find(": ");
    std::ostringstream out;
    out << "| " << scenario.substr(0, at) << " | " << scenario.substr(at + 2) << " | " << row.broker << " | "
        << row.verdicts.jobs << " | " << row.verdicts.duplicates << " of " << row.duplicates_allowed << " | "
        << seconds(row.verdicts.recovery) << " | " << seconds(row.took) << " | " << row.seed << " |";
    return out.str();
}

// The first three cells, which name a row.
std::string key_of(std::string const& line) {
    std::size_t at = 0;
    for (int bars = 0; bars < 4 && at != std::string::npos; ++bars)
        at = line.find('|', at + (bars > 0 ? 1 : 0));
    return line.substr(0, at);
}

// The longest recovery of all rows, and whose it is.
std::string longest_recovery(std::map<std::string, std::string> const& rows) {
    double longest = 0;
    std::string where;
    for (auto const& [key, line] : rows) {
        auto begin = line.find('|');
        for (int cell = 0; cell < 5; ++cell)
            begin = line.find('|', begin + 1);
        double const took = std::atof(line.c_str() + begin + 1);
        if (took <= longest) continue;
        longest = took;
        where = key.substr(2, key.find(" |") - 2);
    }
    std::ostringstream out;
    out << "The longest recovery took " << longest << " s (" << where << ").";
    return out.str();
}

void write_page(std::map<std::string, std::string> const& ran) {
    std::ifstream file{page_path()};
    std::string line;
    std::string before;
    std::string after;
    std::map<std::string, std::string> rows = ran;
    int part = 0;
    while (std::getline(file, line)) {
        if (line == begin_mark) part = 1;
        if (line == end_mark) part = 2;
        if (part == 0) before += line + '\n';
        if (part == 1 && line.starts_with("| F")) rows.emplace(key_of(line), line);
        if (part == 2) after += line + '\n';
    }
    file.close();
    std::ofstream out{page_path()};
    out << before << begin_mark << "\n\n"
        << longest_recovery(rows) << "\n\n"
        << "| id | what happens, and what must be true | broker | jobs | duplicates | recovery | took | seed "
           "|\n"
        << "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (auto const& [key, text] : rows)
        out << text << '\n';
    out << '\n' << (after.empty() ? std::string{end_mark} + '\n' : after);
}

// A scenario counts when its case has passed.
class PageWriter : public Catch::TestEventListenerBase {
public:
    using TestEventListenerBase::TestEventListenerBase;

    void testCaseStarting(Catch::TestCaseInfo const&) override { rows_of_case().clear(); }
    void testCaseEnded(Catch::TestCaseStats const& stats) override {
        if (!stats.totals.assertions.allOk()) return;
        for (auto const& [key, line] : rows_of_case())
            rows_of_run()[key] = line;
    }
    void testRunEnded(Catch::TestRunStats const&) override {
        if (std::getenv("COHORT_WRITE_DOCS") != nullptr) write_page(rows_of_run());
    }
};

CATCH_REGISTER_LISTENER(PageWriter)

}  // namespace

void add_row(std::string const& scenario, Row const& row) {
    auto const line = line_of(scenario, row);
    rows_of_case()[key_of(line)] = line;
}

}  // namespace faults
