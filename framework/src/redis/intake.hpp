// SPDX-License-Identifier: MIT
// Envelopes: jobs that programs in other languages leave in a list, as JSON.
#pragma once

#include "redis/verbs.hpp"

namespace cohort::redis {

struct Envelope {
    NewJob job;
    std::string fault;  // "" or why it is no job; then the job's arguments are the envelope, as a JSON string
};

// Never throws what is wrong with the text: that is in `fault`. Without an id it gets this one.
Envelope read_envelope(std::string const& queue, std::string_view text, std::string id);

// Moves what has been left for this queue to its jobs, about so many. Throws Error.
awaitable<void> take_in(CorePtr core, std::string queue, std::size_t limit);

}  // namespace cohort::redis
