// SPDX-License-Identifier: MIT
#include "redis/waiting.hpp"

#include "base/failpoint.hpp"
#include "io/alarm.hpp"
#include "redis/call.hpp"
#include "redis/errors.hpp"

#include <cohort/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>

namespace cohort::redis {

namespace asio = boost::asio;

namespace {

constexpr Duration until_moved = 100ms;

// What waits on one node: everything, or in a cluster one queue's part, since its keys are there.
struct Wait {
    Node node;
    std::vector<std::string> keys;
    std::shared_ptr<Connection> connection;
    RequestPtr request;
    bool was_sent = false;

    // The key whose marker was taken; "" = none.
    std::string marker() const {
        bool const has_one =
            was_sent && !request->has_failed() && request->replies.front().view().size() == 2;
        return has_one ? std::string{request->replies.front().view()[0].text()} : std::string{};
    }
    // Of what was sent with it; once.
    std::optional<Outcome> take_answer() {
        bool const has_one = was_sent && !request->has_failed() && request->replies.size() == 2 &&
                             !request->replies.back().view().is_error();
        if (!has_one) return std::nullopt;
        return Outcome{std::move(request->replies.back())};
    }
};

std::vector<Wait> plan(Core& core, std::vector<std::string> const& queues) {
    std::vector<Wait> waits;
    auto const route = core.commands();
    for (auto const& queue : queues) {
        std::string const key = core.keys(queue)("wake");
        auto const node = route->node_of(key);
        if (!node) continue;  // nobody has it just now
        if (waits.empty() || route->slots()) waits.push_back(Wait{*node, {}, {}, {}, false});
        waits.back().keys.push_back(key);
    }
    return waits;
}

void send_wait(Core& core, Wait& wait, Duration span, std::shared_ptr<io::Wake const> const& wake,
               std::optional<Call> const& then) {
    wait.connection = core.borrow_waiter(wait.node);
    wait.request = std::make_shared<Request>(Effect::none, span + core.config.timeout);
    wait.request->also = wake;
    std::string const seconds = std::to_string(std::max(0.001, std::chrono::duration<double>(span).count()));
    std::vector<std::string_view> words{"BLPOP"};
    words.insert(words.end(), wait.keys.begin(), wait.keys.end());
    words.push_back(seconds);
    wait.request->add(words);
    if (then) add_to(*wait.request, *then, Form::by_sha);
    wait.connection->submit(wait.request);
    wait.was_sent = true;
}

void tell(Core const& core, Node const& node, std::vector<std::string_view> const& words) {
    auto request = std::make_shared<Request>(Effect::write, core.config.timeout);
    request->add(words);
    core.commands()->to(node)->submit(std::move(request));
}

// Ends what still waits; all have ended then.
awaitable<void> end_waits(std::shared_ptr<Core> core, std::vector<Wait>& waits) {
    for (Wait& wait : waits) {
        if (wait.request->is_ended() || wait.request->withdraw()) continue;
        std::string const id = std::to_string(wait.connection->client_id());
        tell(*core, wait.node, {"CLIENT", "UNBLOCK", id});
    }
    for (Wait& wait : waits) {
        wait.was_sent = !wait.request->is_withdrawn();
        while (wait.was_sent && !wait.request->is_ended())
            co_await wait.request->wake.wait_quietly();
        core->give_back(wait.node, std::move(wait.connection));
    }
}

// What a server has said instead of a marker. True: not here, or not now.
bool is_elsewhere(Core const& core, Wait const& wait) {
    if (!wait.was_sent || wait.request->has_failed()) return false;
    View const answer = wait.request->replies.front().view();
    if (!answer.is_error()) return false;
    auto const slots = core.commands()->slots();
    auto const moved = read_redirection(answer.text(), "MOVED", wait.node);
    if (slots && moved) slots->move(*moved);
    if (slots && (moved || classify(answer.text()).code == errc::busy || answer.text().starts_with("ASK ") ||
                  answer.text().starts_with("CLUSTERDOWN"))) {
        slots->doubt();
        return true;
    }
    throw make_error(answer.text(), core.config.masked);
}

bool has_one_ended(std::vector<Wait> const& waits) {
    return std::ranges::any_of(waits, [](Wait const& wait) { return wait.request->is_ended(); });
}

bool has_marker(std::vector<Wait> const& waits) {
    return std::ranges::any_of(waits, [](Wait const& wait) { return !wait.marker().empty(); });
}

// Which markers are given back: all, or those behind the first, which is ours.
enum class Keep : std::uint8_t { none, first };

void give_back_markers(Core const& core, std::vector<Wait> const& waits, Keep keep) {
    bool has_one = keep == Keep::none;
    for (Wait const& wait : waits) {
        std::string const key = wait.marker();
        if (key.empty()) continue;
        if (has_one) tell(core, wait.node, {"RPUSH", key, "1"});  // it was meant to wake somebody
        has_one = true;
    }
}

}  // namespace

awaitable<std::optional<Outcome>> wait_for_work(std::shared_ptr<Core> core, std::vector<std::string> queues,
                                                Duration span, std::optional<Call> then) {
    auto const begun = std::chrono::steady_clock::now();
    auto waits = plan(*core, queues);
    auto const wake = std::make_shared<io::Wake const>();
    std::optional<Outcome> answer;
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    bool is_leaving = co_await is_cancelled();
    if (!is_leaving) {
        for (Wait& wait : waits)
            send_wait(*core, wait, span, wake, then);
        while (!is_leaving && !waits.empty() && !has_one_ended(waits)) {
            bool const woken = co_await wake->wait_quietly();
            is_leaving = !woken;
        }
        co_await end_waits(core, waits);
        give_back_markers(*core, waits, is_leaving ? Keep::none : Keep::first);
        if (then && !waits.empty()) answer = waits.front().take_answer();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (is_leaving && !answer) throw boost::system::system_error{asio::error::operation_aborted};

    bool must_rest = waits.empty();
    for (Wait const& wait : waits) {
        if (wait.was_sent && wait.request->has_failed()) {
            if (auto const slots = core->commands()->slots()) slots->doubt();
            std::rethrow_exception(wait.request->take_error());
        }
        must_rest = (is_elsewhere(*core, wait) && !answer) || must_rest;
    }
    Duration const rest = std::min(span, until_moved);
    if (must_rest) co_await io::sleep_for(rest);
    // As if nobody had been woken, and nothing answered.
    if (has_marker(waits) && failpoint("marker.drop")) {
        answer.reset();
        auto const spent = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
        Duration const left = std::max<Duration>(span - spent, 0s);
        co_await io::sleep_for(left);
    }
    co_return answer;
}

}  // namespace cohort::redis
