// SPDX-License-Identifier: MIT
#include "faults/ledger.hpp"

#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace faults {

Ledger::Ledger(std::string const& path)
    : fd_{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)} {
    if (fd_ < 0) throw std::runtime_error{"cannot write the ledger " + path};
}

Ledger::~Ledger() {
    ::close(fd_);
}

void Ledger::write(std::string_view what, std::initializer_list<std::string_view> words) noexcept {
    std::string line = std::to_string(ledger_time().count());
    line += '\t';
    line += what;
    for (auto const word : words) {
        line += '\t';
        line += word;
    }
    line += '\n';
    // A full disk is no reason to end: the checker misses the line, and says so.
    [[maybe_unused]] auto const written = ::write(fd_, line.data(), line.size());
}

std::vector<Event> read_ledger(std::string const& path) {
    std::vector<Event> events;
    std::ifstream file{path};
    std::string line;
    while (std::getline(file, line)) {
        if (file.eof()) break;  // without its newline it is still being written
        Event event;
        std::size_t from = 0;
        for (int field = 0; from <= line.size(); ++field) {
            auto const to = std::min(line.find('\t', from), line.size());
            auto word = line.substr(from, to - from);
            if (field == 0)
                event.at = cohort::Duration{std::stoll(word)};
            else if (field == 1)
                event.what = std::move(word);
            else
                event.words.push_back(std::move(word));
            from = to + 1;
        }
        events.push_back(std::move(event));
    }
    return events;
}

cohort::Duration ledger_time() {
    return cohort::system_clock().steady();
}

}  // namespace faults
