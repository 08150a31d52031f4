// SPDX-License-Identifier: MIT
// Messages made by hand, over the broker's own channel.
#include "rabbitmq/broker.hpp"
#include "rabbitmq/stored_broker.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/rabbitmq.hpp>

namespace cohort::rabbitmq {
namespace {

void set_text(amqp_basic_properties_t& properties, amqp_flags_t flag, amqp_bytes_t& field,
              std::string const& text) {
    if (text.empty()) return;
    properties._flags |= flag;
    field = bytes_of(text);
}

Table headers_of(RawMessage const& message) {
    Table headers;
    for (auto const& [name, value] : message.headers) {
        if (auto const* const number = std::get_if<std::int64_t>(&value))
            headers.add(name, *number);
        else
            headers.add(name, std::string_view{std::get<std::string>(value)});
    }
    return headers;
}

// What the server made of it; the message must live until this returns.
awaitable<Fate> send(EnginePtr engine, std::string const& queue, RawMessage const& message) {
    co_await engine->producer_topology.need_line(queue);
    if (!message.reply_to.empty()) co_await engine->producer_topology.need_replies(message.reply_to);
    ChannelPtr const channel = co_await engine->publisher();
    Table headers = headers_of(message);
    std::string const to = engine->names.jobs(queue);
    Publication publication;
    publication.routing_key = to;
    publication.body = message.body;
    publication.is_mandatory = true;
    auto& properties = publication.properties;
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    properties.delivery_mode = message.delivery_mode;
    properties.headers = headers.get();
    set_text(properties, AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id, message.id);
    set_text(properties, AMQP_BASIC_TYPE_FLAG, properties.type, message.type);
    set_text(properties, AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to, message.reply_to);
    set_text(properties, AMQP_BASIC_CONTENT_TYPE_FLAG, properties.content_type, message.content_type);
    auto const batch = std::make_shared<Batch>();
    channel->publish(batch, publication);
    co_await wait_for(batch, engine->config.timeout);
    co_return batch->fates.front();
}

awaitable<void> publish_on_loop(EnginePtr engine, std::string queue, RawMessage message) {
    engine->check_open();
    check_queue_name(queue);
    if (!message.reply_to.empty()) check_queue_name(message.reply_to);
    if (message.delivery_mode != 1 && message.delivery_mode != 2) {
        throw Error{errc::invalid_config, "delivery_mode " + std::to_string(message.delivery_mode) +
                                              "; 1 is transient, 2 persistent"};
    }
    co_await engine->producer->ready();
    co_await engine->wait_while_blocked(engine->producer);
    Fate fate = co_await send(engine, queue, message);
    if (fate == Fate::returned) {
        engine->producer_topology.forget();
        fate = co_await send(engine, queue, message);
    }
    if (fate == Fate::confirmed) co_return;
    std::string const& server = engine->config.masked;
    if (fate == Fate::refused) throw Error{errc::storage_full, server + " could not store the message"};
    if (fate == Fate::returned) throw Error{errc::unavailable, server + " has lost the queue " + queue};
    throw Error{errc::uncertain, server + ": the message was published, and not confirmed"};
}

// The core stays for as long as this is under way.
awaitable<void> publish_there(std::shared_ptr<Core> core, std::string queue, RawMessage message) {
    if (core->is_closed) throw Error{errc::closed, core->config.masked + " was closed"};
    auto crossing =
        hop(core->loop.executor(), publish_on_loop(core->engine, std::move(queue), std::move(message)));
    co_await std::move(crossing);
}

}  // namespace

awaitable<void> publish(Broker& broker, std::string queue, RawMessage message) {
    auto* const mine = dynamic_cast<RabbitBroker*>(&broker);
    if (mine == nullptr) {
        bool const has_store = dynamic_cast<StoredBroker*>(&broker) != nullptr;
        throw Error{errc::not_supported,
                    std::string{broker.name()} +
                        (has_store ? " keeps its jobs in a store, where nobody takes messages; open a broker "
                                     "without store= for those made by hand"
                                   : " is no RabbitMQ server, which a raw message needs")};
    }
    return publish_there(mine->core(), std::move(queue), std::move(message));
}

}  // namespace cohort::rabbitmq
