// SPDX-License-Identifier: MIT
#include "redis/record.hpp"

#include "redis/bytes.hpp"

#include <algorithm>
#include <limits>

namespace cohort::redis {
namespace {

enum Flag : std::uint8_t {
    has_history = 1,
    has_error = 2,
    has_note = 4,
    has_policy = 8,
    has_unique = 16,
};

Instant instant(std::int64_t at) noexcept {
    return at >= latest ? never : Instant{Duration{at}};
}

std::optional<Instant> instant_or_none(std::int64_t at) noexcept {
    return at == 0 ? std::nullopt : std::optional{instant(at)};
}

void check_length(char const* what, JobRef const& ref, std::size_t size, std::size_t most, errc code) {
    if (size <= most) return;
    throw Error{code, std::string{what} + " of job " + to_string(ref) + " has " + std::to_string(size) +
                          " bytes; the limit is " + std::to_string(most)};
}

Policy read_policy(ByteReader& in) {
    Policy policy;
    policy.max_retries = in.number<std::uint32_t>();
    policy.max_lost = in.number<std::uint32_t>();
    policy.keep_result = Duration{in.number<std::int64_t>()};
    policy.keep_error = Duration{in.number<std::int64_t>()};
    policy.timeout = Duration{in.number<std::int64_t>()};
    policy.backoff.initial = Duration{in.number<std::int64_t>()};
    policy.backoff.factor = in.number<double>();
    policy.backoff.max = Duration{in.number<std::int64_t>()};
    policy.backoff.jitter = in.number<std::uint8_t>() != 0;
    return policy;
}

Token parse_token(std::string_view bytes) {
    ByteReader in{bytes};
    Token token;
    token.claim = in.number<std::uint64_t>();
    token.incarnation = in.rest();
    return token;
}

JobState checked_state(std::uint8_t state) {
    if (state > static_cast<std::uint8_t>(JobState::expired))
        throw Error{errc::storage_corrupt, "state " + std::to_string(state) + " does not exist"};
    return static_cast<JobState>(state);
}

FailReason checked_reason(std::uint8_t reason) {
    if (reason > static_cast<std::uint8_t>(FailReason::corrupt_state))
        throw Error{errc::storage_corrupt, "reason " + std::to_string(reason) + " does not exist"};
    return static_cast<FailReason>(reason);
}

void read_history(JobRecord& record, ByteReader& in) {
    record.counters.attempt = in.number<std::uint32_t>();
    record.counters.failures = in.number<std::uint32_t>();
    record.counters.lost = in.number<std::uint32_t>();
    record.counters.released = in.number<std::uint32_t>();
    record.generation = in.number<std::uint32_t>();
    record.started = instant_or_none(in.number<std::int64_t>());
    record.finished = instant_or_none(in.number<std::int64_t>());
    std::string const token = in.text<std::uint8_t>();
    if (!token.empty()) record.token = parse_token(token);
}

JobRecord parse(JobRef ref, std::string_view bytes) {
    ByteReader in{bytes};
    JobRecord record;
    record.ref = std::move(ref);
    auto const version = in.number<std::uint8_t>();
    if (version == 0 || version > record_version) {
        throw Error{errc::bad_envelope,
                    "it was written by a later version (" + std::to_string(version) + ")"};
    }
    record.state = checked_state(in.number<std::uint8_t>());
    record.reason = checked_reason(in.number<std::uint8_t>());
    record.expires = instant(in.number<std::int64_t>());
    record.priority = in.number<std::int8_t>();
    in.raw(5);
    record.created = instant(in.number<std::int64_t>());
    record.due = instant(in.number<std::int64_t>());
    auto const flags = in.number<std::uint8_t>();
    if ((flags & has_history) != 0) read_history(record, in);
    if ((flags & has_error) != 0) record.error = in.text<std::uint32_t>();
    if ((flags & has_note) != 0) record.note = in.text<std::uint32_t>();
    if ((flags & has_policy) != 0) record.policy = read_policy(in);
    record.client = in.text<std::uint8_t>();
    if ((flags & has_unique) != 0) record.unique = in.text<std::uint32_t>();
    record.version = in.number<std::uint32_t>();
    record.sender = in.text<std::uint16_t>();
    record.name = in.text<std::uint8_t>();
    auto const rest = in.rest();
    if (rest.size() < 2) throw Error{errc::storage_corrupt, "a record is cut short"};
    record.arguments = rest.substr(0, rest.size() - 2);
    return record;
}

void add_run(JobRecord& record, std::string_view run) {
    ByteReader in{run};
    record.state = JobState::running;
    record.expires = never;
    record.finished.reset();
    record.started = instant(in.number<std::int64_t>());
    record.cancel_requested = in.number<std::uint8_t>() != 0;
    record.counters.attempt = in.number<std::uint32_t>();
    in.number<std::int64_t>();
    std::string const token = in.text<std::uint8_t>();
    record.token = parse_token(token);
}

void add_result(JobRecord& record, std::string_view result) {
    ByteReader in{result};
    record.state = JobState::succeeded;
    record.expires = never;
    record.reason = FailReason::none;
    record.error.clear();
    record.finished = instant(in.number<std::int64_t>());
    record.counters.attempt = in.number<std::uint32_t>();
    record.started = instant(in.number<std::int64_t>());
    std::string const token = in.text<std::uint8_t>();
    record.token = parse_token(token);
    record.result = in.rest();
}

template<class Parse>
JobRecord explained(JobRef const& ref, Parse parse_it) {
    try {
        return parse_it();
    } catch (Error const& error) {
        throw Error{error.which(), "the record of job " + to_string(ref) + ": " + error.detail()};
    }
}

// What can be told of a job all the same.
template<class Parse>
JobRecord readable(JobRef const& ref, Parse parse_it) {
    JobRecord record;
    try {
        return parse_it();
    } catch (Error const& error) {
        record.error = "its record cannot be read: " + error.detail();
    }
    record.ref = ref;
    record.state = JobState::failed;
    record.reason = FailReason::corrupt_state;
    return record;
}

}  // namespace

std::int64_t to_server(Instant at) noexcept {
    return std::clamp(at.time_since_epoch().count(), -latest, latest);
}

std::int64_t to_server(Duration span) noexcept {
    return std::clamp<std::int64_t>(span.count(), 0, latest);
}

void check_record(NewJob const& job) {
    constexpr auto byte = std::numeric_limits<std::uint8_t>::max();
    constexpr auto word = std::numeric_limits<std::uint16_t>::max();
    check_length("the name", job.ref, job.name.size(), byte, errc::invalid_job_name);
    check_length("the client", job.ref, job.client.size(), byte, errc::invalid_config);
    check_length("the sender", job.ref, job.sender.size(), word, errc::invalid_config);
    if (job.priority < -100 || job.priority > 100) {
        throw Error{errc::invalid_priority,
                    "priority " + std::to_string(job.priority) + " is not in -100..100"};
    }
}

std::string encode_record(NewJob const& job, std::uint16_t index) {
    bool const is_usual = job.policy == Policy{};
    std::uint8_t flags = 0;
    if (!is_usual) flags |= has_policy;
    if (!job.unique.empty()) flags |= has_unique;
    constexpr std::size_t rest = 80;  // of what has a length of its own
    ByteWriter out{job.client.size() + job.unique.size() + job.sender.size() + job.name.size() +
                   job.arguments.size() + rest};
    out.number(flags);
    if (!is_usual) {
        Policy const& policy = job.policy;
        out.number(policy.max_retries).number(policy.max_lost);
        out.number(std::int64_t{policy.keep_result.count()}).number(std::int64_t{policy.keep_error.count()});
        out.number(std::int64_t{policy.timeout.count()}).number(std::int64_t{policy.backoff.initial.count()});
        out.number(policy.backoff.factor).number(std::int64_t{policy.backoff.max.count()});
        out.number(static_cast<std::uint8_t>(policy.backoff.jitter));
    }
    out.text<std::uint8_t>(job.client);
    if (!job.unique.empty()) out.text<std::uint32_t>(job.unique);
    out.number(job.version).text<std::uint16_t>(job.sender).text<std::uint8_t>(job.name).raw(job.arguments);
    // Big-endian: places are compared as bytes.
    out.number(static_cast<std::uint8_t>(index >> 8)).number(static_cast<std::uint8_t>(index & 0xff));
    return out.take();
}

std::string encode_options(NewJob const& job) {
    bool const is_plain =
        job.priority == 0 && job.delay <= 0s && !job.eta && !job.expires && job.unique.empty();
    if (is_plain) return {};
    ByteWriter out;
    out.number(static_cast<std::int8_t>(job.priority));
    out.number(to_server(job.delay));
    out.number(job.eta ? to_server(*job.eta) : std::numeric_limits<std::int64_t>::max());
    out.number(job.expires ? to_server(*job.expires) : std::int64_t{-1});
    return out.raw(job.unique).take();
}

std::string encode_token(Token const& token) {
    return ByteWriter{}.number(token.claim).raw(token.incarnation).take();
}

std::string encode_report(Settlement const& settlement) {
    // The numbers of report.lua are those of SettleKind.
    return ByteWriter{}
        .number(static_cast<std::uint8_t>(settlement.kind))
        .number(static_cast<std::uint8_t>(settlement.reason))
        .number(to_server(settlement.delay))
        .take();
}

JobRecord decode_record(JobRef ref, std::string_view bytes, std::string_view run, std::string_view result) {
    JobRecord record = readable(ref, [&] { return parse(ref, bytes); });
    auto const add = [&](auto add_it, std::string_view more) {
        if (more.empty()) return;
        record = readable(ref, [&] {
            JobRecord with = record;
            add_it(with, more);
            return with;
        });
    };
    add(add_run, run);
    add(add_result, result);
    return record;
}

JobRecord decode_run(JobRef ref, std::string_view bytes, std::string_view run) {
    JobRef const name = ref;
    return explained(name, [&] {
        JobRecord record = parse(std::move(ref), bytes);
        add_run(record, run);
        return record;
    });
}

JobRecord decode_claimed(JobRef ref, std::string_view bytes, std::string_view started, Token token) {
    JobRef const name = ref;
    return explained(name, [&] {
        JobRecord record = parse(std::move(ref), bytes);
        record.state = JobState::running;
        record.expires = never;
        record.started = instant(ByteReader{started}.number<std::int64_t>());
        auto& attempt = record.counters.attempt;
        if (attempt != std::numeric_limits<std::uint32_t>::max()) ++attempt;
        record.token = std::move(token);
        return record;
    });
}

std::string encode_worker(WorkerInfo const& worker) {
    ByteWriter out;
    out.number(worker.pid).number(worker.slots);
    out.text<std::uint16_t>(worker.name.substr(0, 1000)).text<std::uint16_t>(worker.host.substr(0, 1000));
    for (auto const& queue : worker.queues)
        out.text<std::uint8_t>(queue);
    return out.take();
}

std::optional<WorkerInfo> read_worker(std::string incarnation, std::string_view life, std::int64_t deadline) {
    try {
        ByteReader in{life};
        WorkerInfo worker;
        worker.incarnation = std::move(incarnation);
        worker.lease = Duration{in.number<std::int64_t>()};
        if (worker.lease <= 0s) return std::nullopt;
        worker.since = instant(in.number<std::int64_t>());
        worker.last_beat = add(instant(deadline), -worker.lease);
        worker.pid = in.number<std::int64_t>();
        worker.slots = in.number<std::uint32_t>();
        worker.name = in.text<std::uint16_t>();
        worker.host = in.text<std::uint16_t>();
        while (!in.rest().empty())
            worker.queues.push_back(in.text<std::uint8_t>());
        return worker;
    } catch (Error const&) {
        return std::nullopt;
    }
}

std::vector<EndedJob> decode_message(std::string_view message) {
    constexpr auto to_be_read = std::numeric_limits<std::uint32_t>::max();
    ByteReader in{message};
    std::string const queue = in.text<std::uint8_t>();
    std::vector<EndedJob> jobs;
    while (!in.rest().empty()) {
        auto const id_length = in.number<std::uint8_t>();
        Ending ending;
        ending.state = checked_state(in.number<std::uint8_t>());
        ending.reason = checked_reason(in.number<std::uint8_t>());
        ending.attempt = in.number<std::uint32_t>();
        auto const length = in.number<std::uint32_t>();
        EndedJob job;
        job.ref = JobRef{queue, std::string{in.raw(id_length)}};
        if (length != to_be_read) {
            auto& text = ending.state == JobState::succeeded ? ending.result : ending.error;
            text = in.raw(length);
            job.ending = std::move(ending);
        }
        jobs.push_back(std::move(job));
    }
    return jobs;
}

}  // namespace cohort::redis
