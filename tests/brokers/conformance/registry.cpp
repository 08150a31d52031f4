// SPDX-License-Identifier: MIT
// The lists of promises and backends, and the Catch2 cases that they become.
#include "brokers/conformance/suite.hpp"
#include "support/late_cases.hpp"

#include <filesystem>
#include <iostream>
#include <map>
#include <utility>

namespace cohort::conformance {

namespace {

struct Lists {
    std::vector<Promise> promises;
    std::vector<Backend> backends;
    std::vector<std::pair<Backend, std::string>> ways;  // with tags
};

// Made on first use: the objects that fill it are static, in many files.
Lists& lists() {
    static Lists all;
    return all;
}

// A broker's capabilities do not change while it is asked.
Capabilities const& capabilities_of(Backend const& backend) {
    static std::map<std::string, Capabilities> known;
    auto const found = known.find(backend.name);
    if (found != known.end()) return found->second;
    return known.emplace(backend.name, backend.make_rig()->broker().capabilities()).first->second;
}

// One section for each promise: a broken one is told by name, and does not hide the others. Gives how many
// the broker can be held to.
std::size_t keep(Backend const& backend, std::vector<Promise const*> const& asked) {
    Capabilities const& capabilities = capabilities_of(backend);
    std::size_t kept = 0;
    for (Promise const* const promise : asked) {
        if (!lacking(*promise, capabilities).empty()) continue;
        ++kept;
        DYNAMIC_SECTION(promise->verb << ": " << promise->sentence) {
            auto const rig = backend.make_rig();
            promise->check(*rig);
            rig->check_whole();
        }
    }
    return kept;
}

class Invoker : public Catch::ITestInvoker {
public:
    Invoker(Backend backend, std::vector<Promise const*> asked)
        : backend_{std::move(backend)}, asked_{std::move(asked)} {}

    void invoke() const override {
        if (std::string const why = backend_.why_skipped(); !why.empty()) {
            std::cout << "SKIPPED: " << why << '\n';
        } else if (keep(backend_, asked_) == 0) {
            std::cout << "SKIPPED: " << backend_.name << " lacks the capability "
                      << lacking(*asked_.front(), capabilities_of(backend_)) << '\n';
        }
    }

private:
    Backend backend_;
    std::vector<Promise const*> asked_;
};

// "rabbitmq+sqlite" is tagged with each of its parts, too: it needs what they need.
std::string tags_of(std::string const& backend) {
    auto const plus = backend.find('+');
    std::string const whole = "[" + backend + "]";
    if (plus == backend.npos) return whole;
    return whole + "[" + backend.substr(0, plus) + "][" + backend.substr(plus + 1) + "]";
}

void add_case(Backend const& backend, std::string const& name, std::string const& tags,
              std::vector<Promise const*> const& asked) {
    Catch::AutoReg const registration{new Invoker{backend, asked},
                                      Catch::SourceLineInfo{asked.front()->file, asked.front()->line}, "",
                                      Catch::NameAndTags{name, tags_of(backend.name) + tags}};
}

// A case for each verb and backend: a process for each promise would take longer to start than to run. It
// has the tags of all its promises, since it fails when one of them is broken.
void add_cases() {
    std::map<std::string, std::vector<Promise const*>> by_verb;
    std::vector<Promise const*> all;
    for (Promise const& promise : promises()) {
        by_verb[promise.verb].push_back(&promise);
        all.push_back(&promise);
    }
    for (Backend const& backend : backends()) {
        for (auto const& [verb, asked] : by_verb) {
            std::string tags = "[" + verb + "][timeout:180]";
            for (Promise const* const promise : asked)
                tags += promise->tags;
            add_case(backend, backend.name + " keeps all promises of " + verb, tags, asked);
        }
    }
    for (auto const& [way, tags] : lists().ways)
        add_case(way, way.name + " keeps all promises", tags + "[again][timeout:240]", all);
}

[[maybe_unused]] support::LateCases const late_cases{&add_cases};

}  // namespace

std::vector<Promise> const& promises() {
    return lists().promises;
}
std::vector<Backend> const& backends() {
    return lists().backends;
}

AddPromise::AddPromise(char const* sentence, char const* file, std::size_t line, void (*check)(Rig&),
                       std::vector<bool Capabilities::*> needs) {
    std::string const verb = std::filesystem::path{file}.stem().string();
    std::string_view const whole{sentence};
    auto const tags = std::min(whole.find(" ["), whole.size());
    lists().promises.push_back({std::string{whole.substr(0, tags)}, std::string{whole.substr(tags)}, verb,
                                file, line, check, std::move(needs)});
}

AddBackend::AddBackend(std::string name, RigFactory make_rig, char const* (*why_skipped)()) {
    lists().backends.push_back({std::move(name), make_rig, why_skipped});
}

AddWay::AddWay(std::string name, RigFactory make_rig, std::string tags, char const* (*why_skipped)()) {
    lists().ways.emplace_back(Backend{std::move(name), make_rig, why_skipped}, std::move(tags));
}

std::vector<CapabilityName> const& capability_names() {
    static std::vector<CapabilityName> const names{
        {"durable", &Capabilities::durable},
        {"between_processes", &Capabilities::between_processes},
        {"fenced_settle", &Capabilities::fenced_settle},
        {"status", &Capabilities::status},
        {"lookup_by_id", &Capabilities::lookup_by_id},
        {"cancel", &Capabilities::cancel},
        {"unique", &Capabilities::unique},
        {"priorities", &Capabilities::priorities},
        {"delays", &Capabilities::delays},
        {"expiry", &Capabilities::expiry},
        {"ordered", &Capabilities::ordered},
        {"pushed_wakeups", &Capabilities::pushed_wakeups},
        {"inspect", &Capabilities::inspect},
        {"max_length", &Capabilities::max_length},
        {"commit_hooks", &Capabilities::commit_hooks},
        {"forget", &Capabilities::forget},
        {"replicas", &Capabilities::replicas},
        {"stored_once", &Capabilities::stored_once},
    };
    return names;
}

std::string lacking(Promise const& promise, Capabilities const& capabilities) {
    for (auto const needed : promise.needs) {
        if (capabilities.*needed) continue;
        for (CapabilityName const& capability : capability_names()) {
            if (capability.member == needed) return capability.name;
        }
    }
    return {};
}

}  // namespace cohort::conformance
