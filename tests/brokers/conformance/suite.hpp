// SPDX-License-Identifier: MIT
// The definition of a correct broker: a list of promises, and the backends for each of which all of them are
// run.
//
//   COHORT_PROMISE("a paused queue gives no jobs", &Capabilities::inspect) {
//       Worker worker{rig};
//       …
//   }
//
// The capabilities named are those without which there is nothing to promise; a backend that lacks one skips
// the promise. The file says which verb a promise belongs to.
#pragma once

#include "brokers/conformance/rig.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <string>
#include <vector>

namespace cohort::conformance {

struct Promise {
    std::string sentence;
    std::string tags;  // "[K09]"
    std::string verb;
    char const* file;
    std::size_t line;
    void (*check)(Rig& rig);
    std::vector<bool Capabilities::*> needs;
};

struct Backend {
    std::string name;
    RigFactory make_rig;
    char const* (*why_skipped)();  // "": its promises can be asked for
};

std::vector<Promise> const& promises();
std::vector<Backend> const& backends();

// The first capability that a promise needs and this broker lacks, by name; "" when there is none.
std::string lacking(Promise const& promise, Capabilities const& capabilities);

struct CapabilityName {
    char const* name;
    bool Capabilities::* member;
};
std::vector<CapabilityName> const& capability_names();

// Both are static objects; in whatever order they come, each promise meets each backend.
struct AddPromise {
    AddPromise(char const* sentence, char const* file, std::size_t line, void (*check)(Rig&),
               std::vector<bool Capabilities::*> needs);
};
struct AddBackend {
    AddBackend(std::string name, RigFactory make_rig, char const* (*why_skipped)() = [] { return ""; });
};
// Another way to a backend: all promises in one case, so that its servers are started once. It is not one of
// backends().
struct AddWay {
    AddWay(
        std::string name, RigFactory make_rig, std::string tags = {},
        char const* (*why_skipped)() = [] { return ""; });
};

// ---- what the promises are told with

inline constexpr char const* main_queue = "main";

// A job that adds 1 and 2, with the client "c1".
NewJob make_job(std::string id, std::string queue = main_queue);
JobRef ref(std::string id, std::string queue = main_queue);

PushResult push(Rig& rig, NewJob job);
// Pushes jobs of these ids and requires that they are stored.
void push_jobs(Rig& rig, std::vector<std::string> const& ids, std::string const& queue = main_queue);
JobRecord status_of(Rig& rig, JobRef const& ref);
bool exists(Rig& rig, JobRef const& ref);
Ending result_of(Rig& rig, JobRef const& ref);
CancelVerdict cancel(Rig& rig, JobRef const& ref);
UpkeepReply upkeep(Rig& rig, std::uint32_t limit = 500);
// All pages.
std::vector<JobRecord> list_all(Rig& rig, std::string const& queue = main_queue);
QueueInfo info(Rig& rig, std::string const& queue = main_queue);

// A worker's life, enlisted by the constructor.
class Worker {
public:
    explicit Worker(Rig& rig, std::vector<std::string> queues = {main_queue}, Duration lease = 30s);

    ClaimParams next(std::uint32_t limit = 1, Duration wait = 0s);
    ClaimReply claim(std::uint32_t limit = 1, Duration wait = 0s);
    // Requires that there is exactly one job to be had, and takes it.
    JobRecord take();
    std::vector<std::string> take_ids(std::uint32_t limit);
    BeatReply beat(std::vector<Held> held = {});
    void retire();

    std::string const incarnation;
    std::vector<std::string> const queues;
    std::uint64_t number = 0;  // of the last claim

private:
    Rig& rig_;
};

Settlement report(JobRecord const& run, SettleKind kind);
Verdict settle(Rig& rig, Settlement settlement);
Verdict succeed(Rig& rig, JobRecord const& run, std::string result = "3");
Verdict fail(Rig& rig, JobRecord const& run, std::string error = "boom");
Verdict retry(Rig& rig, JobRecord const& run, Duration delay = 0s);
Verdict release(Rig& rig, JobRecord const& run, Duration delay = 0s);

std::vector<std::string> ids_of(std::vector<JobRecord> const& records);
std::vector<std::string> ids_of(std::vector<EndedJob> const& jobs);

// Waits for an operation that was cancelled: did it end with Asio's operation_aborted?
template<class T>
bool is_aborted(Rig& rig, Pending<T>& pending) {
    try {
        rig.finish(pending);
    } catch (boost::system::system_error const& error) {
        return error.code() == boost::asio::error::operation_aborted;
    }
    return false;
}

// Runs the operation and says with which code it failed; ok when it did not.
template<class T>
errc code_of(Rig& rig, awaitable<T> operation) {
    try {
        static_cast<void>(rig.run(std::move(operation)));
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

}  // namespace cohort::conformance

// The sentence may end with tags: "… [K09]".
#define COHORT_PROMISE(sentence, ...) COHORT_PROMISE_AT(__COUNTER__, sentence, __VA_ARGS__)
#define COHORT_PROMISE_AT(number, ...) COHORT_PROMISE_IN(number, __VA_ARGS__)
#define COHORT_PROMISE_IN(number, sentence, ...)                                                             \
    static void cohort_promise_##number(::cohort::conformance::Rig& rig);                                    \
    static ::cohort::conformance::AddPromise const cohort_promise_added_##number{                            \
        sentence, __FILE__, __LINE__, &cohort_promise_##number, {__VA_ARGS__}};                              \
    static void cohort_promise_##number([[maybe_unused]] ::cohort::conformance::Rig& rig)
