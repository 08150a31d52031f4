// SPDX-License-Identifier: MIT
// The lists of promises and backends, and the Catch2 cases that they become.
#include "brokers/conformance/suite.hpp"

#include <filesystem>
#include <iostream>

namespace cohort::conformance {

namespace {

struct Lists {
    std::vector<Promise> promises;
    std::vector<Backend> backends;
};

// Made on first use: the objects that fill it are static, in many files.
Lists& lists() {
    static Lists all;
    return all;
}

// Gives the capability without which there is nothing to keep.
std::string keep(Backend const& backend, Promise const& promise) {
    auto const rig = backend.make_rig();
    std::string lack = lacking(promise, rig->broker().capabilities());
    if (lack.empty()) {
        promise.check(*rig);
        rig->check_whole();
    }
    return lack;
}

class WayInvoker : public Catch::ITestInvoker {
public:
    explicit WayInvoker(Backend backend) : backend_{std::move(backend)} {}

    // One section for each promise: a broken one is told by name, and does not hide the others.
    void invoke() const override {
        if (std::string const why = backend_.why_skipped(); !why.empty()) {
            std::cout << "SKIPPED: " << why << '\n';
            return;
        }
        for (Promise const& promise : promises()) {
            DYNAMIC_SECTION(promise.verb << ": " << promise.sentence) {
                keep(backend_, promise);
            }
        }
    }

private:
    Backend backend_;
};

class Invoker : public Catch::ITestInvoker {
public:
    Invoker(Backend backend, Promise promise) : backend_{std::move(backend)}, promise_{std::move(promise)} {}

    void invoke() const override {
        if (std::string const why = backend_.why_skipped(); !why.empty()) {
            std::cout << "SKIPPED: " << why << '\n';
            return;
        }
        std::string const lack = keep(backend_, promise_);
        if (!lack.empty())
            std::cout << "SKIPPED: " << backend_.name << " lacks the capability " << lack << '\n';
    }

private:
    Backend backend_;
    Promise promise_;
};

// "rabbitmq+sqlite" is tagged with each of its parts, too: it needs what they need.
std::string tags_of(std::string const& backend) {
    auto const plus = backend.find('+');
    std::string const whole = "[" + backend + "]";
    if (plus == backend.npos) return whole;
    return whole + "[" + backend.substr(0, plus) + "][" + backend.substr(plus + 1) + "]";
}

void add_case(Backend const& backend, Promise const& promise) {
    std::string const name = backend.name + " " + promise.verb + ": " + promise.sentence;
    std::string const tags = tags_of(backend.name) + "[" + promise.verb + "]" + promise.tags;
    Catch::AutoReg const registration{new Invoker{backend, promise},
                                      Catch::SourceLineInfo{promise.file, promise.line}, "",
                                      Catch::NameAndTags{name, tags}};
}

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
    Promise const promise{std::string{whole.substr(0, tags)},
                          std::string{whole.substr(tags)},
                          verb,
                          file,
                          line,
                          check,
                          std::move(needs)};
    for (Backend const& backend : backends())
        add_case(backend, promise);
    lists().promises.push_back(promise);
}

AddBackend::AddBackend(std::string name, RigFactory make_rig, char const* (*why_skipped)()) {
    Backend const backend{std::move(name), make_rig, why_skipped};
    for (Promise const& promise : promises())
        add_case(backend, promise);
    lists().backends.push_back(backend);
}

AddWay::AddWay(std::string name, RigFactory make_rig, std::string const& tags, char const* (*why_skipped)()) {
    Catch::AutoReg const registration{
        new WayInvoker{Backend{name, make_rig, why_skipped}}, CATCH_INTERNAL_LINEINFO, "",
        Catch::NameAndTags{name + " keeps all promises", "[" + name + "]" + tags}};
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
