// SPDX-License-Identifier: MIT
// The table of transitions: complete, free of doubles, and the same as in docs/state_machine.md.
#include <cohort/state.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace cohort;

namespace {

using MaybeState = std::optional<JobState>;

std::string spelt(MaybeState state) {
    return state ? std::string{to_string(*state)} : "none";
}

std::vector<MaybeState> all_origins() {
    std::vector<MaybeState> all{std::nullopt};
    all.insert(all.end(), std::begin(all_states), std::end(all_states));
    return all;
}

void add_once(std::string& list, std::string const& item) {
    if (("/" + list + "/").find("/" + item + "/") == std::string::npos)
        list += (list.empty() ? "" : "/") + item;
}

std::string with_commas(std::string list) {
    for (auto at = list.find('/'); at != std::string::npos; at = list.find('/')) {
        list.replace(at, 1, ", ");
    }
    return list;
}

// One line for each row Tn, as the document must have it.
std::string table_text() {
    std::map<int, std::pair<std::string, std::string>> states;
    std::map<int, Transition> rows;
    for (Transition const& t : transitions()) {
        add_once(states[t.row].first, spelt(t.from));
        add_once(states[t.row].second, spelt(t.to));
        rows.insert({t.row, t});
    }
    std::ostringstream out;
    out << "| row | event | from → to | who | guard | effect |\n| --- | --- | --- | --- | --- | --- |\n";
    for (auto const& [row, t] : rows) {
        out << "| T" << row << " | " << to_string(t.event) << " | " << with_commas(states[row].first) << " → "
            << with_commas(states[row].second) << " | " << t.who << " | " << t.guard << " | " << t.effect
            << " |\n";
    }
    return out.str();
}

// One arrow for each pair of states, with all events that lead along it.
std::string picture_text() {
    std::vector<std::pair<std::string, std::string>> arrows;
    for (Transition const& t : transitions()) {
        std::string const from = t.from ? spelt(t.from) : "[*]";
        std::string const to = t.to ? spelt(t.to) : "[*]";
        std::string const arrow = "    " + from + " --> " + to + ": ";
        std::string const label = "T" + std::to_string(t.row) + " " + std::string{to_string(t.event)};
        auto const found = std::ranges::find(arrows, arrow, &std::pair<std::string, std::string>::first);
        if (found == arrows.end()) {
            arrows.emplace_back(arrow, label);
        } else {
            found->second += ", " + label;
        }
    }
    std::string out = "```mermaid\nstateDiagram-v2\n";
    for (auto const& [arrow, label] : arrows) {
        out += arrow + label + "\n";
    }
    return out + "```\n";
}

std::string document() {
    std::ifstream file{COHORT_SOURCE_DIR "/docs/state_machine.md"};
    REQUIRE(file);
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("the document has the table of transitions", "[T1-T16]") {
    INFO("docs/state_machine.md must contain:\n" << table_text());
    CHECK(document().find("\n" + table_text()) != std::string::npos);
}

TEST_CASE("the document has the picture of transitions", "[T1-T16]") {
    INFO("docs/state_machine.md must contain:\n" << picture_text());
    CHECK(document().find("\n" + picture_text()) != std::string::npos);
}

TEST_CASE("rows T1 to T16 are all there, one event each", "[T1-T16]") {
    std::map<int, Event> events;
    for (Transition const& t : transitions()) {
        CHECK(events.insert({t.row, t.event}).first->second == t.event);
        CHECK(static_cast<int>(t.event) + 1 == t.row);
    }
    CHECK(events.size() == 16);
    CHECK(events.begin()->first == 1);
    CHECK(events.rbegin()->first == 16);
}

TEST_CASE("no transition is listed twice, and each says who and when", "[T1-T16]") {
    std::set<std::string> seen;
    for (Transition const& t : transitions()) {
        CAPTURE(t.row);
        CHECK(seen.insert(std::string{to_string(t.event)} + spelt(t.from) + ">" + spelt(t.to)).second);
        CHECK_FALSE(t.who.empty());
        CHECK_FALSE(t.guard.empty());
        CHECK(t.guard.find('|') == std::string_view::npos);
        CHECK(t.effect.find('|') == std::string_view::npos);
    }
}

TEST_CASE("of all pairs of state and event exactly those of the table are legal", "[T1-T16][S45]") {
    // Written out once more by hand: the table is not its own judge.
    std::map<Event, std::set<MaybeState>> const legal{
        {Event::push, {std::nullopt}},
        {Event::fall_due, {JobState::scheduled, JobState::retrying}},
        {Event::claim, {JobState::queued}},
        {Event::renew, {JobState::running}},
        {Event::succeed, {JobState::running}},
        {Event::retry, {JobState::running}},
        {Event::fail, {JobState::running}},
        {Event::release, {JobState::running}},
        {Event::lose, {JobState::running}},
        {Event::lose_for_good, {JobState::running}},
        {Event::stop, {JobState::running}},
        {Event::cancel, {JobState::scheduled, JobState::queued, JobState::retrying}},
        {Event::request_cancel, {JobState::running}},
        {Event::expire, {JobState::scheduled, JobState::queued}},
        {Event::requeue, {JobState::failed, JobState::cancelled, JobState::expired}},
        {Event::forget, {JobState::succeeded, JobState::failed, JobState::cancelled, JobState::expired}},
    };
    CHECK(legal.size() == 16);
    for (auto const& [event, origins] : legal) {
        for (MaybeState from : all_origins()) {
            CAPTURE(to_string(event), spelt(from));
            CHECK(is_legal(from, event) == origins.contains(from));
        }
    }
}

TEST_CASE("a terminal state is left only by an operator or by forgetting", "[T15][T16]") {
    for (Transition const& t : transitions()) {
        if (!t.from || !is_terminal(*t.from)) continue;
        CHECK((t.event == Event::requeue || t.event == Event::forget));
    }
}

TEST_CASE("every state can be reached, and every job can end", "[T1-T16]") {
    std::set<MaybeState> reached{std::nullopt};
    std::set<MaybeState> ends{std::nullopt};
    for (std::size_t i = 0; i < std::size(all_states); ++i) {
        for (Transition const& t : transitions()) {
            if (reached.contains(t.from)) reached.insert(t.to);
            if (ends.contains(t.to)) ends.insert(t.from);
        }
    }
    CHECK(reached.size() == std::size(all_states) + 1);
    CHECK(ends.size() == std::size(all_states) + 1);
}

TEST_CASE("events have names") {
    CHECK(to_string(Event::lose_for_good) == "lose_for_good");
    CHECK(to_string(static_cast<Event>(99)) == "unknown");
}
