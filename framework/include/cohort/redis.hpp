// SPDX-License-Identifier: MIT
// What can be asked beyond the contract when the broker is a Redis server: its own commands.
//
//   auto const price = co_await cohort::redis::command(client.broker(), "HGET", "prices", sku);
//   if (!price.is_nil()) use(price.text());
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/broker.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cohort::redis {

// What the server said. Numbers and texts are told apart as RESP2 tells them apart.
class Answer {
public:
    using List = std::vector<Answer>;

    Answer() = default;
    explicit Answer(std::int64_t number) : value_{number} {}
    explicit Answer(std::string text) : value_{std::move(text)} {}
    explicit Answer(List list) : value_{std::move(list)} {}

    bool is_nil() const noexcept { return value_.index() == 0; }
    // Each throws Error(errc::protocol_error) where it is something else.
    std::int64_t number() const;
    std::string const& text() const;
    List const& list() const;

private:
    std::variant<std::monostate, std::int64_t, std::string, List> value_;
};

// One command and its words, over the broker's own connection and beside its own commands. Keys are taken as
// they are: no namespace is put before them. In a cluster the word behind the command is the key.
// Thread-safe.
//
// Throws Error, as all verbs of the broker do: what the server refuses; `unavailable` when it was not sent;
// `uncertain` when no answer came within the broker's `timeout`, since the command may have written;
// `not_supported` with another broker, and for commands that would block or change the connection for
// everybody (SUBSCRIBE, MULTI, BLPOP, SELECT, …). `invalid_config` without a word. Cancelled before it was
// sent, it throws Asio's operation_aborted.
awaitable<Answer> command(Broker& broker, std::vector<std::string> words);

template<class... Words>
awaitable<Answer> command(Broker& broker, std::string_view name, Words const&... words) {
    std::vector<std::string> all;
    all.reserve(1 + sizeof...(words));
    all.emplace_back(name);
    (all.emplace_back(std::string_view{words}), ...);
    return command(broker, std::move(all));
}

}  // namespace cohort::redis
