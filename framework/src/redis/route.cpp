// SPDX-License-Identifier: MIT
#include "redis/route.hpp"

#include "io/alarm.hpp"
#include "redis/errors.hpp"

#include <cohort/error.hpp>

#include <algorithm>
#include <random>

namespace cohort::redis {

using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t most_asked = 5;  // of the nodes of a cluster, about the cluster
constexpr Duration next_glance = 5ms;

struct Asked {
    Node node;
    RequestPtr request;
};

std::vector<Asked> ask_nodes(Route& route, Config const& config) {
    auto nodes = route.slots()->nodes();
    static thread_local std::minstd_rand random{std::random_device{}()};
    std::shuffle(nodes.begin(), nodes.end(), random);
    nodes.resize(std::min(nodes.size(), most_asked));
    std::vector<Asked> all;
    for (auto const& node : nodes) {
        auto request = std::make_shared<Request>(Effect::none, config.timeout);
        request->add({"CLUSTER", "SLOTS"});
        route.to(node)->submit(request);
        all.push_back({node, std::move(request)});
    }
    return all;
}

// Ends it also where its coroutine is destroyed.
struct Look {
    explicit Look(std::shared_ptr<Slots> its_slots) : slots{std::move(its_slots)} {}
    ~Look() { slots->end_look(); }
    Look(Look const&) = delete;
    Look& operator=(Look const&) = delete;
    std::shared_ptr<Slots> const slots;
};

// True when it has the map; the reason where it has none.
bool take_map(Slots& slots, Asked const& asked, Config const& config, std::exception_ptr& fault) {
    if (asked.request->has_failed()) {
        fault = asked.request->take_error();
        return false;
    }
    View const answer = asked.request->replies.front().view();
    if (answer.is_error()) {
        fault = std::make_exception_ptr(make_error(answer.text(), config.masked));
        return false;
    }
    if (slots.take(answer, asked.node)) return true;
    fault = std::make_exception_ptr(
        Error{errc::unavailable, config.masked + ": no node of the cluster has slots"});
    return false;
}

// The first answer counts: a wrong one is mended by the redirections that follow from it.
awaitable<void> look(RoutePtr route, Config const& config) {
    Look const look{route->slots()};
    auto asked = ask_nodes(*route, config);
    std::exception_ptr fault;
    while (!asked.empty()) {
        auto const ended =
            std::ranges::find_if(asked, [](Asked const& one) { return one.request->is_ended(); });
        if (ended == asked.end()) {
            co_await asked.front().request->wake.wait_for(next_glance);
            continue;
        }
        if (take_map(*route->slots(), *ended, config, fault)) co_return;
        asked.erase(ended);
    }
    if (!route->slots()->is_known()) std::rethrow_exception(fault);
}

}  // namespace

Route::Route(boost::asio::any_io_executor executor, Config const& config, std::string role,
             std::shared_ptr<Slots> slots, Locate locate)
    : executor_{std::move(executor)}, config_{config}, role_{std::move(role)}, slots_{std::move(slots)},
      locate_{std::move(locate)} {}

std::shared_ptr<Connection> Route::to(Node const& node) {
    std::lock_guard const lock{mutex_};
    auto& connection = connections_[slots_ ? node : Node{}];
    if (!connection) {
        connection =
            std::make_shared<Connection>(executor_, config_, slots_ ? locate_node(node) : locate_, role_);
        if (longest_pause_) connection->hurry(*longest_pause_);
        if (is_closed_) connection->close();
    }
    return connection;
}

std::optional<Node> Route::node_of(std::string_view key) const {
    return slots_ ? slots_->owner(slot_of(key)) : std::optional{Node{}};
}

std::uint64_t Route::generation() const {
    std::lock_guard const lock{mutex_};
    std::uint64_t sum = 0;
    for (auto const& [node, connection] : connections_)
        sum += connection->generation();
    return sum;
}

Duration Route::calm() const {
    std::lock_guard const lock{mutex_};
    Duration calm = connections_.empty() ? Duration{0} : Duration::max();
    for (auto const& [node, connection] : connections_)
        calm = std::min(calm, connection->calm());
    // Whose node has changed could not renew a lease meanwhile.
    bool const has_changed = slots_ && slots_->last_change() != Steady::time_point::min();
    if (!has_changed) return calm;
    return std::min(calm, std::chrono::duration_cast<Duration>(Steady::now() - slots_->last_change()));
}

void Route::hurry(Duration longest) {
    std::lock_guard const lock{mutex_};
    if (longest_pause_ && *longest_pause_ <= longest) return;
    longest_pause_ = longest;
    for (auto const& [node, connection] : connections_)
        connection->hurry(longest);
}

void Route::move_to(io::Address const& server) {
    std::lock_guard const lock{mutex_};
    for (auto const& [node, connection] : connections_)
        connection->move_to(server);
}

void Route::close() {
    std::lock_guard const lock{mutex_};
    is_closed_ = true;
    for (auto const& [node, connection] : connections_)
        connection->close();
}

awaitable<void> look_at_slots(RoutePtr route, Config const& config) {
    auto const slots = route->slots();
    while (slots) {
        if (slots->begin_look()) {
            co_await look(route, config);
            co_return;
        }
        if (slots->is_known()) co_return;
        co_await io::sleep_for(next_glance);  // somebody else looks
    }
}

Locate locate_node(Node const& node) {
    return
        [address = io::Address{node.host, node.port, {}}]() -> awaitable<io::Address> { co_return address; };
}

Locate locate_any(std::shared_ptr<Slots> slots) {
    auto const turn = std::make_shared<std::size_t>(std::random_device{}());
    return [slots = std::move(slots), turn]() -> awaitable<io::Address> {
        auto const nodes = slots->nodes();
        Node const& node = nodes[(*turn)++ % nodes.size()];
        co_return io::Address{node.host, node.port, {}};
    };
}

}  // namespace cohort::redis
