// SPDX-License-Identifier: MIT
#include "rabbitmq/tickets.hpp"

#include "base/failpoint.hpp"
#include "rabbitmq/errors.hpp"

#include <cohort/log.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace cohort::rabbitmq {
namespace {

// Not on disk: who comes back after an outage looks into the store anyhow.
Publication make_ticket(std::string const& queue) {
    constexpr std::uint8_t transient = 1;
    Publication ticket;
    ticket.routing_key = queue;
    ticket.properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    ticket.properties.delivery_mode = transient;
    ticket.is_mandatory = true;
    return ticket;
}

}  // namespace

void Tickets::owe(Counts const& counts) {
    for (auto const& [queue, count] : counts) {
        auto& owed = owed_[queue];
        owed = std::min(owed + count, most_called);
    }
}

void Tickets::publish_owed() {
    if (owed_.empty()) return;
    boost::asio::co_spawn(engine_->executor, publish({}), [self = shared_from_this()](std::exception_ptr) {});
}

awaitable<void> Tickets::publish(Counts counts) {
    auto const self = shared_from_this();
    owe(counts);
    auto const& server = engine_->producer;
    if (owed_.empty() || server->is_missed() || server->session().is_blocked()) co_return;
    Counts mine = std::exchange(owed_, {});
    try {
        co_await publish_all(mine);
    } catch (std::exception const&) {
        log(LogLevel::debug, one_line(engine_->config.masked + " takes no tickets now: " +
                                      describe(std::current_exception(), engine_->config.masked)));
    }
    owe(mine);
}

awaitable<void> Tickets::publish_all(Counts& counts) {
    bool const has_returned = co_await publish_once(counts);
    if (!has_returned) co_return;
    engine_->producer_topology.forget();
    co_await publish_once(counts);
}

// Says whether one came back because its queue is gone.
awaitable<bool> Tickets::publish_once(Counts& counts) {
    co_await engine_->producer->ready_at_once();
    std::vector<std::string> queues;
    for (auto const& entry : counts) {
        co_await engine_->producer_topology.need_tickets(entry.first);
        queues.insert(queues.end(), entry.second, entry.first);
    }
    ChannelPtr const channel = co_await engine_->publisher();
    auto const batch = std::make_shared<Batch>();
    for (auto const& queue : queues) {
        std::string const name = engine_->names.tickets(queue);
        channel->publish(batch, make_ticket(name));
    }
    co_await wait_for(batch, engine_->config.timeout);
    failpoint("ticket", "sent_no_reply");
    bool has_returned = false;
    for (std::size_t i = 0; i < queues.size(); ++i) {
        has_returned = has_returned || batch->fates[i] == Fate::returned;
        auto const found = counts.find(queues[i]);
        if (batch->fates[i] == Fate::confirmed && --found->second == 0) counts.erase(found);
    }
    co_return has_returned;
}

}  // namespace cohort::rabbitmq
