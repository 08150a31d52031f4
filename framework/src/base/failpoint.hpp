// SPDX-License-Identifier: MIT
// Named places at which a test lets this process die, stop, wait or fail. Nothing of it is left in a build
// with NDEBUG.
//
//   failpoint("handler.after");
//   if (failpoint("notify.drop")) return;  // true: leave out what follows
//
// The environment (COHORT_FAILPOINTS) or arm_failpoints() says what happens where:
//
//   plan    rule;rule;…
//   rule    place=action[@first][*count][%percent]
//   action  abort     kill -9 of this process
//           stop      SIGSTOP of this process
//           pause(N)  N milliseconds, the calling thread
//           hold      until the plan is replaced, the calling thread
//           throw     Error(unavailable)
//           lose      Error(uncertain): it happened, and nobody was told
//           drop      true to the caller
//   first   from this hit of the place on, default 1
//   count   so many times, default 1; 0 = always
//   percent the chance of each hit, default 100; COHORT_SEED decides
#pragma once

#include <cstdint>
#include <string_view>

namespace cohort {

#ifndef NDEBUG

// `moment`, where given, is the second half of the place's name: "settle" and "sent_no_reply".
bool failpoint(std::string_view place, std::string_view moment = {});
// Replaces the plan; "" ends all holds. Throws Error(invalid_config) for one that cannot be read.
void arm_failpoints(std::string_view plan);
// How often the rules of this place have acted since the plan was armed.
std::uint64_t failpoints_hit(std::string_view place);

// While a thread has one, no failpoint of another thread stops the process: what is held here, nobody could
// take from a process that stands still.
class NotToBeStopped {
public:
    NotToBeStopped();
    ~NotToBeStopped();
    NotToBeStopped(NotToBeStopped const&) = delete;
    NotToBeStopped& operator=(NotToBeStopped const&) = delete;
};

#else

constexpr bool failpoint(std::string_view, std::string_view = {}) noexcept {
    return false;
}

class NotToBeStopped {};

#endif

}  // namespace cohort
