// SPDX-License-Identifier: MIT
// Identifiers: of jobs, and of a worker's life.
#pragma once

#include <cohort/shared_text.hpp>
#include <cohort/time.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cohort {

// The text of an identifier, of any length.
using Id = Text;

// Makes the id of each new job. Called from any thread. Ids are 1 to 128 characters of [A-Za-z0-9_.:-]; a
// client checks.
using IdGenerator = std::function<Id()>;

// 26 characters of Crockford's base 32: 48 bits of milliseconds, 80 random bits. Those of one generator sort
// in the order in which they were made, also when the clock goes back. The clock must outlive the generator
// and its copies, which go on together. https://github.com/ulid/spec
IdGenerator ulid(Clock const& clock = system_clock());

// "start+1", "start+2", …: short and readable, unique only within one generator's life.
IdGenerator autoincrement(std::uint64_t start = 0);

// "urn:uuid:3f0c…": a random UUID (RFC 9562, version 4) in the form of a URN, for ids that mean something
// elsewhere too.
IdGenerator urn();

// 32 hexadecimal digits from the system's generator: a worker's incarnation.
std::string random_id();

// Throws Error(errc::invalid_job_id) that says what is wrong.
void check_job_id(std::string_view id);
// Throws Error(errc::invalid_queue_name). 1 to 100 characters of [A-Za-z0-9_.-], not beginning with "amq.".
void check_queue_name(std::string_view name);
// Throws Error(errc::invalid_job_name). 1 to 200 characters of [A-Za-z0-9_.:/-].
void check_job_name(std::string_view name);
// Throws Error(errc::invalid_schedule). 1 to 100 characters of [A-Za-z0-9_.-].
void check_schedule_name(std::string_view name);

}  // namespace cohort
