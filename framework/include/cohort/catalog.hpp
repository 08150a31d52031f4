// SPDX-License-Identifier: MIT
// The job functions that a worker knows, by their wire names.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/options.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cohort {

class Context;
class Next;

// Runs around a body: does its part, awaits next(), does the rest. next() throws what the body throws; it may
// be awaited any number of times, also never. Called on the job's loop.
using Decorator = std::function<awaitable<void>(Context&, Next)>;

enum class BodyKind : std::uint8_t {
    coroutine,  // runs on an event loop
    plain,      // runs on the blocking pool
    quick,      // a plain function that is called on an event loop
};

std::string_view to_string(BodyKind kind) noexcept;

struct JobEntry {
    std::string name;  // on the wire
    std::vector<std::string> aliases;
    BodyKind kind = BodyKind::plain;
    JobOptions options;
    std::string file;                   // where it was registered, "jobs.cpp:12"
    std::vector<Decorator> decorators;  // outermost first

    // Decodes ctx.arguments(), runs the body, puts its encoded result into ctx. Throws what the body throws,
    // and Error(argument_…, payload_…) when the arguments do not fit. Exactly one of the two is set, by kind.
    awaitable<void> (*start)(Context& ctx) = nullptr;
    void (*call)(Context& ctx) = nullptr;
    // Identifies the body: the same one added twice is one job.
    void const* body = nullptr;
};

// A value: copies share nothing. Not thread-safe while it is being filled.
class Catalog {
public:
    // Needs <cohort/register.hpp>. Decorators are callables `awaitable<void>(Context&, Next)`, outermost
    // first.
    template<auto Job, class... Decorators>
    void add(Decorators... decorators);

    // Throws Error(errc::duplicate_handler) naming both files when another body has the name or one of its
    // aliases.
    void add(JobEntry entry);
    // All of another catalog.
    void add(Catalog const& other);

    // By name or alias; null when unknown. Stays valid until the catalog is changed.
    JobEntry const* find(std::string_view name) const noexcept;
    std::vector<JobEntry const*> entries() const;  // by name
    bool empty() const noexcept { return entries_.empty(); }

    // What COHORT_REGISTER has registered in this program. Throws the first Error that a registration met.
    static Catalog const& registered();

private:
    std::map<std::string, JobEntry, std::less<>> entries_;
    std::map<std::string, std::string, std::less<>> aliases_;  // alias → name
};

}  // namespace cohort
