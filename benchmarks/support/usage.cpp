// SPDX-License-Identifier: MIT
#include "support/usage.hpp"

#include "support/allocations.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {

namespace {

double cpu_us(int who) {
    rusage used{};
    getrusage(who, &used);
    auto const us = [](timeval const& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(used.ru_utime) + us(used.ru_stime);
}

double rss_mib() {
    std::ifstream file{"/proc/self/statm"};
    double pages = 0;
    file >> pages >> pages;
    return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1048576.0;
}

// CPU seconds of the whole machine that were not idle.
double machine_busy() {
    std::ifstream file{"/proc/stat"};
    std::string cpu;
    double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, steal = 0;
    file >> cpu >> user >> nice >> system >> idle >> waiting >> irq >> softirq >> steal;
    return (user + nice + system + irq + softirq + steal) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double own_busy() {
    return (cpu_us(RUSAGE_SELF) + cpu_us(RUSAGE_CHILDREN)) / 1e6;
}

}  // namespace

Usage used_so_far() {
    return Usage{cpu_us(RUSAGE_SELF), allocations(), rss_mib()};
}

Usage between(Usage const& from, Usage const& to) {
    return Usage{to.cpu_us - from.cpu_us, to.allocations - from.allocations, to.rss_mib};
}

OtherPrograms::OtherPrograms() : begun_{SteadyClock::now()}, busy_{machine_busy()}, own_{own_busy()} {}

double OtherPrograms::cores() const {
    std::chrono::duration<double> const passed = SteadyClock::now() - begun_;
    auto const others = (machine_busy() - busy_) - (own_busy() - own_);
    return std::max(0.0, others / passed.count());
}

}  // namespace bench
