// SPDX-License-Identifier: MIT
// A job as the server keeps it: bytes whose layout docs/brokers/redis.md tells. lua/job.lua is the twin.
#pragma once

#include <cohort/broker.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cohort::redis {

// Times on the server: microseconds since 1970, and this for never. Lua's numbers are exact up to here.
inline constexpr std::int64_t latest = 9'007'199'254'740'992;
std::int64_t to_server(Instant at) noexcept;
std::int64_t to_server(Duration span) noexcept;

// Throws what is wrong with a job that cannot be written as a record.
void check_record(NewJob const& job);
// What push sends of one that can: the record from its flags on. `index` tells the jobs of a batch apart.
std::string encode_record(NewJob const& job, std::uint16_t index);
// What it sends of a job that is not plain (due at once, of priority 0, without expiry and key); else "".
std::string encode_options(NewJob const& job);
std::string encode_token(Token const& token);
std::string encode_report(Settlement const& settlement);

// A record with what :running and :results have of it ("" = nothing). Where something of it cannot be read,
// the job is failed with corrupt_state, unless the rest says that it runs or has succeeded.
JobRecord decode_record(JobRef ref, std::string_view record, std::string_view run, std::string_view result);
// A run that a claim has begun: throws Error(storage_corrupt or bad_envelope) where it cannot be read.
JobRecord decode_run(JobRef ref, std::string_view record, std::string_view run);
// One that it has begun just now: only the time is known besides. Throws the same.
JobRecord decode_claimed(JobRef ref, std::string_view record, std::string_view started, Token token);

std::string encode_worker(WorkerInfo const& worker);
// What :lives has, and the deadline that :beats has; none where it cannot be read.
std::optional<WorkerInfo> read_worker(std::string incarnation, std::string_view life, std::int64_t deadline);

// One message to a client.
std::vector<EndedJob> decode_message(std::string_view message);

}  // namespace cohort::redis
