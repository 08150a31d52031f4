// SPDX-License-Identifier: MIT
// Loaded into a program before its own libraries (LD_PRELOAD): its clock is COHORT_CLOCK_AHEAD seconds ahead.
#include <cstdlib>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

extern "C" int gettimeofday(timeval* __restrict now, void* __restrict zone) noexcept {
    long const result = ::syscall(SYS_gettimeofday, now, zone);
    char const* const ahead = std::getenv("COHORT_CLOCK_AHEAD");
    if (result == 0 && ahead != nullptr) now->tv_sec += std::atoll(ahead);
    return static_cast<int>(result);
}
