// SPDX-License-Identifier: MIT
#include "redis/call.hpp"

#include "redis/errors.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace cohort::redis {

namespace asio = boost::asio;

namespace {

enum class Form : std::uint8_t { by_sha, by_text };

RequestPtr make_request(Call const& call, Form form, Config const& config) {
    auto request = std::make_shared<Request>(call.effect, config.timeout);
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
    request->add(words);
    return request;
}

Outcome outcome_of(Request& request, Config const& config) {
    if (request.is_withdrawn()) {
        return Outcome{std::make_exception_ptr(boost::system::system_error{asio::error::operation_aborted})};
    }
    if (request.error) return Outcome{request.error};
    View const view = request.replies.front().view();
    if (view.is_error()) return Outcome{std::make_exception_ptr(make_error(view.text(), config.masked))};
    return Outcome{std::move(request.replies.front())};
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

awaitable<void> wait_for_all(std::vector<RequestPtr> requests) {
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    for (auto const& request : requests)
        co_await wait_for_it(request);
    co_await asio::this_coro::throw_if_cancelled(throws);
}

bool needs_text(Request const& request) {
    return !request.is_withdrawn() && !request.error && is_no_script(request.replies.front().view().text());
}

}  // namespace

awaitable<bool> is_cancelled() {
    auto const state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

View Outcome::get() const {
    if (error_) std::rethrow_exception(error_);
    return reply_->view();
}

awaitable<std::vector<Outcome>> ask_all(std::shared_ptr<Connection> connection, Config const& config,
                                        std::vector<Call> calls) {
    std::vector<RequestPtr> requests;
    for (Call const& call : calls) {
        requests.push_back(make_request(call, Form::by_sha, config));
        connection->submit(requests.back());
    }
    co_await wait_for_all(requests);

    std::vector<RequestPtr> repeats;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i].script == nullptr || !needs_text(*requests[i])) continue;
        requests[i] = make_request(calls[i], Form::by_text, config);
        repeats.push_back(requests[i]);
        connection->submit(requests[i]);
    }
    if (!repeats.empty()) co_await wait_for_all(repeats);

    std::vector<Outcome> outcomes;
    for (auto const& request : requests)
        outcomes.push_back(outcome_of(*request, config));
    co_return outcomes;
}

awaitable<Outcome> ask(std::shared_ptr<Connection> connection, Config const& config, Call call) {
    std::vector<Call> calls;
    calls.push_back(std::move(call));
    auto outcomes = co_await ask_all(std::move(connection), config, std::move(calls));
    outcomes.front().get();
    co_return std::move(outcomes.front());
}

}  // namespace cohort::redis
