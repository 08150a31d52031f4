// SPDX-License-Identifier: MIT
#include "memory/raw.hpp"

#include "jobs.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"
#include "support/rounds.hpp"

#include <charconv>
#include <deque>
#include <unordered_map>

namespace bench::raw {

namespace {

struct Row {
    std::uint64_t seq;
    std::string queue;
    std::string name;
    std::string client;
    std::string arguments;  // JSON text
};

class Store {
public:
    void insert(std::uint64_t n) {
        auto const [text, a, b] = bench::arguments(n);
        std::string json = "[\"" + text + "\"," + std::to_string(a) + "," + std::to_string(b) + "]";
        waiting_.push_back({n, "default", "bench.add", "0123456789abcdef0123456789abcdef", std::move(json)});
    }

    // Runs the oldest job that waits.
    void work() {
        Row const row = std::move(waiting_.front());
        waiting_.pop_front();
        auto const quote = row.arguments.rfind('"');
        auto const comma = row.arguments.rfind(',');
        char const* const end = row.arguments.data() + row.arguments.size();
        int a = 0;
        int b = 0;
        std::from_chars(row.arguments.data() + quote + 2, end, a);
        std::from_chars(row.arguments.data() + comma + 1, end, b);
        results_.emplace(row.seq, std::to_string(static_cast<int>(quote - 2) + a + b));
    }

    // A result that is handed over is gone.
    int take(std::uint64_t n) {
        auto const result = results_.extract(n);
        int value = 0;
        if (result)
            std::from_chars(result.mapped().data(), result.mapped().data() + result.mapped().size(), value);
        return value;
    }

    std::size_t waiting() const noexcept { return waiting_.size(); }

private:
    std::deque<Row> waiting_;
    std::unordered_map<std::uint64_t, std::string> results_;
};

void insert_for_a_while(Case const& what) {
    Store store;
    Pace pace{what.seconds, [] { say("begin"); }};
    std::uint64_t n = 0;
    while (pace.goes_on()) {
        auto const begun = SteadyClock::now();
        for (std::uint32_t i = 0; i < what.batch; ++i)
            store.insert(n++);
        pace.done(begun, what.batch);
    }
    say(pace.sample().line());
}

void drain(Case const& what) {
    Store store;
    for (std::uint64_t n = 0; n < what.jobs; ++n)
        store.insert(n);

    auto const begun = SteadyClock::now();
    Usage const from = used_so_far();
    while (store.waiting() > 0)
        store.work();
    Sample sample;
    sample.seconds = std::chrono::duration<double>{SteadyClock::now() - begun}.count();
    sample.worker = between(from, used_so_far());
    sample.jobs = what.jobs;

    for (std::uint64_t n = 0; n < what.jobs; ++n)
        check(n, store.take(n));
    say(sample.line());
}

void call_for_a_while(Case const& what) {
    Store store;
    Pace pace{what.seconds, [] { say("begin"); }};
    std::uint64_t n = 0;
    while (pace.goes_on()) {
        auto const begun = SteadyClock::now();
        auto const first = n;
        for (std::uint32_t i = 0; i < what.concurrency; ++i)
            store.insert(n++);
        while (store.waiting() > 0)
            store.work();
        for (auto at = first; at < n; ++at)
            check(at, store.take(at));
        pace.done(begun, n - first);
    }
    say(pace.sample().line());
}

Part const enqueue_process{"raw.memory.enqueue", insert_for_a_while};
Part const drain_process{"raw.memory.drain", drain};
Part const call_process{"raw.memory.calls", call_for_a_while};

}  // namespace

Sample measure_memory_enqueue(Case const& what) {
    return measure_in("raw.memory.enqueue", what);
}

Sample measure_memory_drain(Case const& what) {
    return in_rounds(what, [](Case const& round) { return measure_in("raw.memory.drain", round); });
}

Sample measure_memory_calls(Case const& what) {
    return measure_in("raw.memory.calls", what);
}

}  // namespace bench::raw
