// SPDX-License-Identifier: MIT
#include "redis/call.hpp"

#include "redis/errors.hpp"

#include <cohort/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace cohort::redis {

namespace asio = boost::asio;

namespace {

constexpr Duration next_try = 20ms;  // where the cluster itself is not ready
constexpr int most_redirections = 16;

// A call on its way, which may be sent more than once.
struct Try {
    Form form = Form::by_sha;
    std::optional<Node> elsewhere;  // for this time only: its slot is on the move
    Node node;
    RequestPtr request;        // of the last time
    std::exception_ptr fault;  // it was not sent
    std::size_t answer_at = 0;
    bool is_done = false;

    View answer() const { return request->replies[answer_at].view(); }
};

RequestPtr make_request(Call const& call, Try const& how, Config const& config) {
    auto const limit = config.timeout + call.replication;
    auto request = std::make_shared<Request>(call.effect, limit);
    if (how.elsewhere) request->add({"ASKING"});
    add_to(*request, call, how.form);
    if (call.replicas == 0) return request;
    // It is about what its own connection wrote: so it goes with it.
    auto const patience = std::chrono::ceil<std::chrono::milliseconds>(call.replication).count();
    std::string const replicas = std::to_string(call.replicas);
    std::string const span = std::to_string(patience);
    request->add({"WAIT", replicas, span});
    return request;
}

// Still, after all that was tried.
bool has_moved(View answer, Node const& node) {
    if (!answer.is_error() || node.host.empty()) return false;
    auto const text = answer.text();
    return read_redirection(text, "MOVED", node) || read_redirection(text, "ASK", node) ||
           text.starts_with("TRYAGAIN");
}

Outcome outcome_of(Call const& call, Try& mine, Config const& config) {
    if (mine.fault) return Outcome{mine.fault};
    Request& request = *mine.request;
    if (request.is_withdrawn()) {
        return Outcome{std::make_exception_ptr(boost::system::system_error{asio::error::operation_aborted})};
    }
    if (request.has_failed()) return Outcome{request.take_error()};
    View const view = mine.answer();
    if (has_moved(view, mine.node)) {
        return Outcome{std::make_exception_ptr(Error{
            errc::busy, config.masked + ": the keys of " + call.key() + " are on the move to another node"})};
    }
    if (is_no_script(view.text()) && view.is_error()) {
        return Outcome{std::make_exception_ptr(
            Error{errc::unavailable,
                  config.masked + " does not know a script, and there was no time left to send it"})};
    }
    if (view.is_error()) return Outcome{std::make_exception_ptr(make_error(view.text(), config.masked))};
    auto const replicas = call.replicas > 0 ? request.replies.back().view().integer() : 0;
    return Outcome{std::move(request.replies[mine.answer_at]), replicas};
}

// Until it has ended, or is withdrawn because the caller was cancelled: also where that was before.
awaitable<void> wait_for_it(RequestPtr request) {
    bool is_late = co_await is_cancelled();
    for (;;) {
        if (is_late && request->withdraw()) co_return;
        if (request->is_ended()) co_return;
        bool const woken = co_await request->wake.wait_quietly();
        is_late = is_late || !woken;
    }
}

// Looks where the keys are and sends what is not done.
awaitable<void> send(RoutePtr route, Config const& config, std::vector<Call>& calls, CallsToMake const& rest,
                     std::vector<Try>& tries) {
    std::exception_ptr fault;
    try {
        if (route->slots()) co_await look_at_slots(route, config);
    } catch (...) {
        fault = std::current_exception();
    }
    for (std::size_t i = 0; i < tries.size(); ++i) {
        Try& mine = tries[i];
        if (i == calls.size()) calls.push_back(rest.make(i));
        if (mine.is_done) continue;
        auto const owner = mine.elsewhere ? mine.elsewhere : route->node_of(calls[i].key());
        mine.fault = fault;
        if (!fault && !owner) {
            route->slots()->doubt();
            mine.fault = std::make_exception_ptr(
                Error{errc::unavailable, config.masked + ": no node has the keys of " + calls[i].key()});
        }
        mine.request = nullptr;
        if (mine.fault) continue;
        mine.node = *owner;
        mine.answer_at = mine.elsewhere ? 1 : 0;
        mine.request = make_request(calls[i], mine, config);
        route->to(mine.node)->submit(mine.request);
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
        auto const request = tries[i].request;
        if (!tries[i].is_done && request) co_await wait_for_it(request);
    }
}

enum class Next : std::uint8_t { done, again, later };

// What an answer asks for, other than to be given to the caller.
Next next_of(Try& mine, Slots* slots) {
    if (mine.fault) return slots != nullptr && slots->is_known() ? Next::later : Next::done;
    if (mine.request->is_withdrawn()) return Next::done;
    if (mine.request->has_failed()) {
        if (slots != nullptr) slots->doubt();
        return Next::done;
    }
    auto const text = mine.answer().is_error() ? mine.answer().text() : std::string_view{};
    if (text.empty()) return Next::done;
    if (is_no_script(text) && mine.form == Form::by_sha) {
        mine.form = Form::by_text;
        return Next::again;
    }
    if (slots == nullptr) return Next::done;
    if (auto const asked = read_redirection(text, "ASK", mine.node)) {
        mine.elsewhere = asked->node;
        return Next::again;
    }
    mine.elsewhere.reset();
    if (auto const moved = read_redirection(text, "MOVED", mine.node)) {
        slots->move(*moved);
        return Next::again;
    }
    bool const is_unready = text.starts_with("TRYAGAIN") || text.starts_with("CLUSTERDOWN");
    if (is_unready) slots->doubt();
    return is_unready ? Next::later : Next::done;
}

// False when the caller was cancelled.
awaitable<bool> pause() {
    io::Wake const nobody;
    try {
        co_await nobody.wait_for(next_try);
    } catch (boost::system::system_error const&) {
        co_return false;
    }
    co_return true;
}

}  // namespace

void add_to(Request& request, Call const& call, Form form) {
    std::vector<std::string_view> words;
    words.reserve(call.keys.size() + call.arguments.size() + 3);
    std::string const count = std::to_string(call.keys.size());
    if (call.script != nullptr) {
        words.emplace_back(form == Form::by_sha ? "EVALSHA" : "EVAL");
        words.push_back(form == Form::by_sha ? call.script->sha : call.script->text);
        words.push_back(count);
    }
    words.insert(words.end(), call.keys.begin(), call.keys.end());
    words.insert(words.end(), call.arguments.begin(), call.arguments.end());
    request.add(words);
}

awaitable<bool> is_cancelled() {
    auto const state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

std::string too_few_replicas(std::int64_t have, std::int64_t wanted, Duration within) {
    return "stored, but on " + std::to_string(have) + " of the " + std::to_string(wanted) +
           " replicas that were asked for, within " + to_string(within);
}

View Outcome::get() const {
    if (error_) std::rethrow_exception(error_);
    return reply_->view();
}

awaitable<std::vector<Outcome>> ask_all(RoutePtr route, Config const& config, std::vector<Call> calls,
                                        CallsToMake rest) {
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const until = std::chrono::steady_clock::now() + config.timeout;
    std::vector<Try> tries(calls.size() + rest.count);
    calls.reserve(tries.size());
    for (int redirections = 0;; ++redirections) {
        co_await send(route, config, calls, rest, tries);
        Next next = Next::done;
        for (Try& mine : tries) {
            if (mine.is_done) continue;
            auto const wanted = next_of(mine, route->slots().get());
            mine.is_done = wanted == Next::done;
            next = std::max(next, wanted);
        }
        bool const is_over = next == Next::done || std::chrono::steady_clock::now() >= until;
        if (is_over || (next == Next::again && redirections >= most_redirections)) break;
        if (next != Next::later) continue;
        redirections = 0;
        bool const go_on = co_await pause();
        if (!go_on) break;
    }
    co_await asio::this_coro::throw_if_cancelled(throws);

    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < calls.size(); ++i)
        outcomes.push_back(outcome_of(calls[i], tries[i], config));
    co_return outcomes;
}

awaitable<Outcome> ask(RoutePtr route, Config const& config, Call call) {
    std::vector<Call> calls;
    calls.push_back(std::move(call));
    auto outcomes = co_await ask_all(std::move(route), config, std::move(calls));
    outcomes.front().get();
    co_return std::move(outcomes.front());
}

}  // namespace cohort::redis
