// SPDX-License-Identifier: MIT
// How a verb asks the server: scripts and commands, several at a time, and what came of each.
#pragma once

#include "redis/route.hpp"
#include "redis/scripts.hpp"

#include <cohort/awaitable.hpp>

#include <functional>
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
    // Its key is the word behind the command, if there is one.
    Call(Effect its_effect, std::vector<std::string> command)
        : effect{its_effect}, arguments{std::move(command)} {}

    std::string const& key() const {
        return script != nullptr ? keys.front() : arguments[arguments.size() > 1 ? 1 : 0];
    }

    Script const* script = nullptr;
    Effect effect;
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
    std::int64_t replicas = 0;  // ends when so many have it,
    Duration replication = 0s;  // or this has passed
};

enum class Form : std::uint8_t { by_sha, by_text };  // how a script is named

void add_to(Request& request, Call const& call, Form form);

class Outcome {
public:
    Outcome() = default;
    explicit Outcome(std::exception_ptr fault) : error_{std::move(fault)} {}
    explicit Outcome(Reply reply, std::int64_t replicas = 0)
        : reply_{std::move(reply)}, replicas_{replicas} {}

    std::exception_ptr const& error() const noexcept { return error_; }
    // Throws the error. The view lives as long as this.
    View get() const;
    // How many replicas had it in time, where that was asked for.
    std::int64_t replicas() const noexcept { return replicas_; }

private:
    std::optional<Reply> reply_;
    std::exception_ptr error_;
    std::int64_t replicas_ = 0;
};

// Calls that are made when the ones before them have been sent: the server need not wait for the last of
// many. `make` is given the place of the call among all.
struct CallsToMake {
    std::size_t count = 0;
    std::function<Call(std::size_t)> make;
};

// Sends all calls at once and waits for all answers; throws nothing but bad_alloc. A call that was cancelled
// before it was sent has Asio's operation_aborted for its outcome. A script that the server does not know is
// sent again, with its text; in a cluster, what its keys have moved away from is asked where they are.
awaitable<std::vector<Outcome>> ask_all(RoutePtr route, Config const& config, std::vector<Call> calls,
                                        CallsToMake rest = {});
// The same for one; throws what went wrong.
awaitable<Outcome> ask(RoutePtr route, Config const& config, Call call);

// "on 0 of the 1 replicas that were asked for, within 2s"
std::string too_few_replicas(std::int64_t have, std::int64_t wanted, Duration within);

// Has the caller been asked to end?
awaitable<bool> is_cancelled();

}  // namespace cohort::redis
