// SPDX-License-Identifier: MIT
// How a verb asks the server: scripts and commands, several at a time, and what came of each.
#pragma once

#include "redis/connection.hpp"
#include "redis/scripts.hpp"

#include <cohort/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cohort::redis {

// A script with its keys and arguments, or a plain command.
struct Call {
    Call(Script const& its_script, Effect its_effect, std::vector<std::string> its_keys,
         std::vector<std::string> its_arguments)
        : script{&its_script}, effect{its_effect}, keys{std::move(its_keys)},
          arguments{std::move(its_arguments)} {}
    Call(Effect its_effect, std::vector<std::string> command)
        : effect{its_effect}, arguments{std::move(command)} {}

    Script const* script = nullptr;
    Effect effect;
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
};

class Outcome {
public:
    Outcome() = default;
    explicit Outcome(std::exception_ptr fault) : error_{std::move(fault)} {}
    explicit Outcome(Reply reply) : reply_{std::move(reply)} {}

    std::exception_ptr const& error() const noexcept { return error_; }
    // Throws the error. The view lives as long as this.
    View get() const;

private:
    std::optional<Reply> reply_;
    std::exception_ptr error_;
};

// Sends all calls at once and waits for all answers; throws nothing but bad_alloc. A call that was cancelled
// before it was sent has Asio's operation_aborted for its outcome. A script that the server does not know is
// sent again, with its text.
awaitable<std::vector<Outcome>> ask_all(std::shared_ptr<Connection> connection, Config const& config,
                                        std::vector<Call> calls);
// The same for one; throws what went wrong.
awaitable<Outcome> ask(std::shared_ptr<Connection> connection, Config const& config, Call call);

// Has the caller been asked to end?
awaitable<bool> is_cancelled();

}  // namespace cohort::redis
