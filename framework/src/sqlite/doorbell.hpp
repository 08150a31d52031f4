// SPDX-License-Identifier: MIT
// Doorbells: small files beside the database by which one process wakes another. A ring is a hint that may be
// lost; whoever waits looks for itself every second.
#pragma once

#include "sqlite/descriptor.hpp"

#include <cohort/broker.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::sqlite {

// Names of bells within their directory.
std::string queue_bell(std::int64_t queue);
std::string client_bell(std::string_view space, std::string_view client);

// Rings what others have hung up; where nobody waits there is no file, and nothing happens. One thread.
class Ringer {
public:
    explicit Ringer(std::string directory) : directory_{std::move(directory)} {}

    void ring_queue(std::int64_t queue) noexcept;
    // Leaves these lines with the bell.
    void ring_client(std::string_view space, std::string_view client, std::string_view lines) noexcept;

private:
    int find(std::string const& bell);

    std::string const directory_;
    std::map<std::string, Descriptor> open_;
};

// Hangs up bells and hears them. One thread.
class Ear {
public:
    explicit Ear(std::string directory) : directory_{std::move(directory)} {}

    // Readable when something has been rung; -1 as long as nothing is listened to.
    int fd() const noexcept { return events_.get(); }
    // From here on `bell` is heard. Best effort: without it there is the look every second.
    void listen(std::string const& bell);
    // Takes the bell down.
    void stop(std::string const& bell) noexcept;
    bool is_listening(std::string const& bell) const { return bells_.contains(bell); }
    // The bells that were rung since the last call.
    std::vector<std::string> heard();
    // The jobs that were left with a bell since the last call.
    std::vector<EndedJob> notices(std::string const& bell);
    // Hangs up again what somebody has removed.
    void check();

private:
    struct Bell {
        Descriptor file;
        int watch = -1;
        std::int64_t read = 0;   // so far
        std::int64_t freed = 0;  // of it, given back to the disk
        std::string rest;        // of a line that was not written out yet
    };
    bool hang(std::string const& name, Bell& bell);
    static void give_back(Bell& bell) noexcept;

    std::string const directory_;
    Descriptor events_;
    std::map<std::string, Bell> bells_;
};

// Removes bells whose listeners have died. Any process, any time.
void sweep_bells(std::string const& directory) noexcept;

}  // namespace cohort::sqlite
