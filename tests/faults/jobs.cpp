// SPDX-License-Identifier: MIT
#include "faults/jobs.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace faults {

namespace {

// One run in the ledger, from the first line of its body to the last.
class Entry {
public:
    explicit Entry(cohort::Context& context) : job_{context.job()}, who_{context.get<Who>()} {
        auto const& counters = job_.counters;
        who_.ledger->write("start",
                           {job_.ref.id, std::to_string(counters.attempt), cohort::to_string(*job_.token),
                            who_.name, std::to_string(counters.failures), std::to_string(counters.lost),
                            std::to_string(counters.released), std::to_string(job_.policy.max_retries),
                            std::to_string(job_.policy.max_lost)});
    }
    ~Entry() {
        if (has_ended_) return;
        who_.ledger->write("stop", {job_.ref.id, std::to_string(job_.counters.attempt),
                                    cohort::to_string(*job_.token), who_.name});
    }
    Entry(Entry const&) = delete;
    Entry& operator=(Entry const&) = delete;

    std::string end() {
        has_ended_ = true;
        std::string const result =
            job_.ref.id + "/" + std::to_string(job_.counters.attempt) + "/" + who_.name;
        who_.ledger->write("end", {job_.ref.id, std::to_string(job_.counters.attempt),
                                   cohort::to_string(*job_.token), who_.name, result});
        return result;
    }

private:
    cohort::JobRecord const& job_;
    Who const& who_;
    bool has_ended_ = false;
};

struct Wordless : std::exception {
    char const* what() const noexcept override { return ""; }
};

}  // namespace

Text ok(cohort::Context& context, int millis) {
    Entry entry{context};
    auto const span = std::chrono::milliseconds{millis};
    if (millis > 0) co_await cohort::sleep_for(span);
    co_return entry.end();
}

Text later(cohort::Context& context, int millis) {
    Entry entry{context};
    auto const span = std::chrono::milliseconds{millis};
    co_await cohort::sleep_for(span);
    co_return entry.end();
}

Text busy(cohort::Context& context, int millis) {
    Entry entry{context};
    auto const end = std::chrono::steady_clock::now() + std::chrono::milliseconds{millis};
    while (std::chrono::steady_clock::now() < end) {
    }
    co_return entry.end();
}

// Blocking is what this body is for.
std::string plain(cohort::Context& context, int millis) {
    Entry entry{context};
    std::this_thread::sleep_for(std::chrono::milliseconds{millis});
    return entry.end();
}

std::string quick(cohort::Context& context, int) {
    Entry entry{context};
    return entry.end();
}

Text fails(cohort::Context& context, int kind) {
    Entry const entry{context};
    switch (kind) {
    case 0:
        throw std::runtime_error{"an ordinary failure"};
    case 1:
        throw 42;  // NOLINT: that a body may do this is the point
    case 2:
        throw Wordless{};
    case 3:
        throw std::runtime_error{std::string(1 << 20, 'x')};
    case 4:
        throw std::runtime_error{"line\n\x1b[31mred\xff\xfe\xc0 end"};
    default:
        throw cohort::Discard{"for good"};
    }
    co_return "";
}

Text flaky(cohort::Context& context, int failures) {
    Entry entry{context};
    if (static_cast<int>(context.job().counters.failures) < failures) throw std::runtime_error{"not yet"};
    co_return entry.end();
}

Text aborts(cohort::Context& context, int) {
    Entry const entry{context};
    kill(getpid(), SIGKILL);
    co_return "";
}

std::string big(cohort::Context& context, int bytes) {
    Entry entry{context};
    entry.end();
    return std::string(static_cast<std::size_t>(bytes), 'x');
}

void old_jobs(cohort::Catalog& catalog) {
    catalog.add<ok>();
}

}  // namespace faults

COHORT_REGISTER(faults::ok);
COHORT_REGISTER(faults::later);
COHORT_REGISTER(faults::busy);
COHORT_REGISTER(faults::plain);
COHORT_REGISTER(faults::quick);
COHORT_REGISTER(faults::fails);
COHORT_REGISTER(faults::flaky);
COHORT_REGISTER(faults::aborts);
COHORT_REGISTER(faults::big);
