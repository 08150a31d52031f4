// SPDX-License-Identifier: MIT
// What happened, written down outside the broker under test: one line per event, in one write to a file that
// is open for appending, so that the lines of many processes do not mix and survive the kill -9 of their
// writer.
//
//   micros  what  words…        separated by tabs; micros on the clock that all processes share
//
//   invoke id | ok id | fail id code | info id code      the client, around each enqueue
//   got id state attempt result                          the client, when a wait has ended
//   start id attempt token worker failures lost released max_retries max_lost
//                                                        a body, before anything else
//   end id attempt token worker result                   a body that ran to its end
//   stop id attempt token worker                         one that was interrupted or threw
//   commit id kind verdict token worker                  the worker, for each answered settlement
//   fault what worker                                    the scenario itself
//   stats worker fenced=… claimed=…                      a worker that ended in order
#pragma once

#include <cohort/time.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

// Thread-safe.
class Ledger {
public:
    explicit Ledger(std::string const& path);
    ~Ledger();
    Ledger(Ledger const&) = delete;
    Ledger& operator=(Ledger const&) = delete;

    void write(std::string_view what, std::initializer_list<std::string_view> words) noexcept;

private:
    int fd_;
};

struct Event {
    cohort::Duration at{};
    std::string what;
    std::vector<std::string> words;
};

std::vector<Event> read_ledger(std::string const& path);

cohort::Duration ledger_time();

}  // namespace faults
