// SPDX-License-Identifier: MIT
// A user's own command.
#include "redis/broker.hpp"
#include "redis/verbs.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>
#include <cohort/redis.hpp>

#include <algorithm>
#include <array>

namespace cohort::redis {
namespace {

// They hold up what is behind them on the connection, or make another one of it.
constexpr std::array not_beside_others{
    "AUTH",     "BLMOVE",     "BLMPOP",     "BLPOP",        "BRPOP",        "BRPOPLPUSH", "BZMPOP",
    "BZPOPMAX", "BZPOPMIN",   "CLIENT",     "DISCARD",      "EXEC",         "HELLO",      "MONITOR",
    "MULTI",    "PSUBSCRIBE", "PSYNC",      "PUNSUBSCRIBE", "QUIT",         "READONLY",   "READWRITE",
    "RESET",    "SELECT",     "SSUBSCRIBE", "SUBSCRIBE",    "SUNSUBSCRIBE", "SYNC",       "UNSUBSCRIBE",
    "UNWATCH",  "WAIT",       "WAITAOF",    "WATCH",        "XREAD",        "XREADGROUP"};

void check(std::string const& server, std::vector<std::string> const& words) {
    if (words.empty() || words.front().empty())
        throw Error{errc::invalid_config, server + ": a command needs a name"};
    std::string name = words.front();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (std::find(not_beside_others.begin(), not_beside_others.end(), name) != not_beside_others.end()) {
        throw Error{errc::not_supported,
                    server + ": " + one_line(name) +
                        " would block or change a connection that jobs use too; ask it over one of your own"};
    }
}

Answer answer_of(View view) {
    if (view.is_nil()) return Answer{};
    if (view.is_number()) return Answer{view.integer()};
    if (!view.is_array()) return Answer{std::string{view.text()}};
    Answer::List list;
    list.reserve(view.size());
    for (std::size_t i = 0; i < view.size(); ++i)
        list.push_back(answer_of(view[i]));
    return Answer{std::move(list)};
}

awaitable<Answer> ask_it(CorePtr core, std::vector<std::string> words) {
    core->check_open();
    check(core->config.masked, words);
    Call call{Effect::write, std::move(words)};
    Outcome const outcome = co_await ask(core->commands(), core->config, std::move(call));
    co_return answer_of(outcome.get());
}

[[noreturn]] void is_no(char const* kind) {
    throw Error{errc::protocol_error, std::string{"the answer of the Redis server is no "} + kind};
}

}  // namespace

std::int64_t Answer::number() const {
    if (auto const* number = std::get_if<std::int64_t>(&value_)) return *number;
    is_no("number");
}

std::string const& Answer::text() const {
    if (auto const* text = std::get_if<std::string>(&value_)) return *text;
    is_no("text");
}

Answer::List const& Answer::list() const {
    if (auto const* list = std::get_if<List>(&value_)) return *list;
    is_no("list");
}

awaitable<Answer> command(Broker& broker, std::vector<std::string> words) {
    auto* const mine = dynamic_cast<RedisBroker*>(&broker);
    if (mine == nullptr) {
        throw Error{errc::not_supported,
                    std::string{broker.name()} + " is no Redis server, which a command of Redis needs"};
    }
    return ask_it(mine->core(), std::move(words));
}

}  // namespace cohort::redis
