// SPDX-License-Identifier: MIT
#include "rabbitmq/message.hpp"

#include "rabbitmq/names.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/json_writer.hpp>
#include <cohort/log.hpp>

#include <algorithm>
#include <limits>

namespace cohort::rabbitmq {
namespace {

constexpr std::int64_t envelope_version = 1;
constexpr std::size_t longest_error = 8192;
// As check_policy has them.
constexpr std::uint32_t most_retries = 10'000;
constexpr std::uint32_t most_lost = 100;
constexpr Duration longest_timeout = 24h * 3653;

std::int64_t micros(Duration span) noexcept {
    return span.count();
}

std::uint32_t count(amqp_table_t const& headers, std::string_view name, std::int64_t otherwise = 0) noexcept {
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max() / 2;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(integer(headers, name, otherwise), 0, most));
}

Duration span(amqp_table_t const& headers, std::string_view name, Duration otherwise) noexcept {
    constexpr Duration longest = 24h * 365 * 1000;
    return std::clamp<Duration>(Duration{integer(headers, name, otherwise.count())}, 0s, longest);
}

amqp_table_t const& headers_of(Delivery const& delivery) noexcept {
    static constexpr amqp_table_t none{};
    bool const has = (delivery.properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0;
    return has ? delivery.properties->headers : none;
}

std::string property(Delivery const& delivery, amqp_flags_t flag, amqp_bytes_t value) {
    return (delivery.properties->_flags & flag) != 0 ? std::string{view(value)} : std::string{};
}

Policy decode_policy(amqp_table_t const& headers) noexcept {
    Policy policy;
    policy.max_retries = std::min(count(headers, "max-retries"), most_retries);
    policy.max_lost = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(integer(headers, "max-lost", policy.max_lost), 0, most_lost));
    policy.timeout = std::min(span(headers, "timeout", policy.timeout), longest_timeout);
    policy.keep_result = span(headers, "keep-result", policy.keep_result);
    policy.keep_error = span(headers, "keep-error", policy.keep_error);
    policy.backoff.initial = std::max<Duration>(span(headers, "backoff", policy.backoff.initial), 1us);
    policy.backoff.max = std::max(span(headers, "backoff-max", policy.backoff.max), policy.backoff.initial);
    double const factor = real(headers, "backoff-factor", policy.backoff.factor);
    policy.backoff.factor = factor >= 1.0 ? std::min(factor, 1e6) : 1.0;  // no number is less
    policy.backoff.jitter = integer(headers, "backoff-jitter", 1) != 0;
    return policy;
}

std::string fault_of(Delivery const& delivery, JobRecord const& job) {
    auto const version = integer(headers_of(delivery), "v", envelope_version);
    if (version != envelope_version)
        return "version " + std::to_string(version) + " of the envelope; this program knows 1";
    try {
        check_job_name(job.name);
    } catch (Error const& error) {
        return error.what();
    }
    return {};
}

}  // namespace

void Message::finish() {
    properties_._flags |= AMQP_BASIC_HEADERS_FLAG;
    properties_.headers = headers_.get();
}

std::unique_ptr<Message> encode_job(JobRecord const& job, Duration rest) {
    auto message = std::make_unique<Message>();
    auto& properties = message->properties_;
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                        AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_TIMESTAMP_FLAG;
    properties.content_type = bytes_of("application/json");
    properties.delivery_mode = 2;
    properties.message_id = bytes_of(job.ref.id);
    properties.type = bytes_of(job.name);
    auto const created = std::chrono::floor<std::chrono::seconds>(job.created).time_since_epoch();
    properties.timestamp = static_cast<std::uint64_t>(std::max<std::int64_t>(created.count(), 0));
    if (!job.client.empty()) {
        properties._flags |= AMQP_BASIC_REPLY_TO_FLAG;
        properties.reply_to = bytes_of(job.client);
    }
    Policy const& policy = job.policy;
    Policy const usual;
    auto& headers = message->headers_;
    headers.add("v", envelope_version);
    headers.add("created", micros(job.created.time_since_epoch()));
    if (job.due != job.created) headers.add("due", micros(job.due.time_since_epoch()));
    auto const add = [&](std::string_view name, std::int64_t value, std::int64_t otherwise) {
        if (value != otherwise) headers.add(name, value);
    };
    add("version", job.version, 1);
    add("attempt", job.counters.attempt, 0);
    add("failures", job.counters.failures, 0);
    add("lost", job.counters.lost, 0);
    add("released", job.counters.released, 0);
    add("generation", job.generation, 0);
    add("max-retries", policy.max_retries, 0);
    add("max-lost", policy.max_lost, usual.max_lost);
    add("timeout", micros(policy.timeout), 0);
    add("keep-result", micros(policy.keep_result), micros(usual.keep_result));
    add("keep-error", micros(policy.keep_error), micros(usual.keep_error));
    add("backoff", micros(policy.backoff.initial), micros(usual.backoff.initial));
    add("backoff-max", micros(policy.backoff.max), micros(usual.backoff.max));
    if (policy.backoff.factor != usual.backoff.factor) headers.add("backoff-factor", policy.backoff.factor);
    add("backoff-jitter", policy.backoff.jitter ? 1 : 0, 1);
    add("priority", job.priority, 0);
    add("delay", micros(rest), 0);
    if (job.expires != never) headers.add("expires", micros(job.expires.time_since_epoch()));
    if (!job.sender.empty()) headers.add("sender", std::string_view{job.sender});
    if (job.reason != FailReason::none) {
        headers.add("reason", to_string(job.reason));
        headers.add("error", std::string_view{job.error}.substr(0, longest_error));
    }
    message->finish();
    return message;
}

Delivered decode_job(Delivery delivery, std::string_view line, Instant now) {
    auto const& headers = headers_of(delivery);
    auto const& properties = *delivery.properties;
    Delivered delivered;
    JobRecord& job = delivered.job;
    job.ref.queue = queue_of(line);
    // A message made by hand says it by the line that it was put into.
    std::int64_t const usual = line.ends_with(urgent_suffix) ? 1 : line.ends_with(patient_suffix) ? -1 : 0;
    job.priority =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(integer(headers, "priority", usual), -100, 100));
    job.ref.id = property(delivery, AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id);
    job.name = property(delivery, AMQP_BASIC_TYPE_FLAG, properties.type);
    job.client = property(delivery, AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to);
    try {
        check_job_id(job.ref.id);
    } catch (Error const&) {
        job.ref.id = random_id();
    }
    job.sender = text(headers, "sender");
    job.version = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
        integer(headers, "version", 1), 0, std::numeric_limits<std::int32_t>::max()));
    job.policy = decode_policy(headers);
    // The server counts how often this very message was given and came back: each time a worker was lost.
    std::uint32_t const came_back = count(headers, "x-delivery-count");
    job.counters.lost = count(headers, "lost") + came_back;
    job.counters.attempt = count(headers, "attempt") + came_back;
    delivered.came_back = came_back;
    // Who was given to a worker before has started in time.
    auto const expires = integer(headers, "expires", -1);
    if (expires >= 0 && came_back == 0) job.expires = Instant{Duration{expires}};
    job.counters.failures = count(headers, "failures");
    job.counters.released = count(headers, "released");
    job.generation = count(headers, "generation");
    job.created = Instant{
        Duration{std::max<std::int64_t>(integer(headers, "created", now.time_since_epoch().count()), 0)}};
    auto const created = job.created.time_since_epoch().count();
    job.due = Instant{Duration{std::max<std::int64_t>(integer(headers, "due", created), 0)}};
    job.reason = parse_reason(text(headers, "reason")).value_or(FailReason::none);
    job.error = text(headers, "error");
    delivered.rest = span(headers, "delay", 0s);
    delivered.fault = fault_of(delivery, job);
    job.arguments = std::move(delivery.body);
    if (job.arguments.empty()) job.arguments = "[]";
    return delivered;
}

std::unique_ptr<Message> encode_ending(JobRecord const& job) {
    auto message = std::make_unique<Message>();
    auto& properties = message->properties_;
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                        AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG;
    properties.content_type = bytes_of("application/json");
    properties.delivery_mode = 2;
    properties.correlation_id = bytes_of(job.ref.queue);
    properties.message_id = bytes_of(job.ref.id);
    properties.type = bytes_of(to_string(job.state));
    // Mostly there are none: a table in each reply costs the server a tenth of what a whole job does.
    bool const is_first = job.counters.attempt == 1;
    bool const has_reason = job.state != JobState::succeeded && job.reason != FailReason::none;
    auto& headers = message->headers_;
    if (!is_first) headers.add("attempt", std::int64_t{job.counters.attempt});
    if (has_reason) {
        headers.add("reason", to_string(job.reason));
        headers.add("error", std::string_view{job.error}.substr(0, longest_error));
    }
    if (!is_first || has_reason) message->finish();
    return message;
}

EndedJob decode_ending(Delivery delivery) {
    // Hundreds are held for a client: none may be larger than what a job returns.
    if (delivery.body.size() > max_payload_bytes) {
        throw Error{errc::protocol_error, "a reply of " + std::to_string(delivery.body.size()) +
                                              " bytes; at most " + std::to_string(max_payload_bytes)};
    }
    auto const& headers = headers_of(delivery);
    auto const state = parse_state(property(delivery, AMQP_BASIC_TYPE_FLAG, delivery.properties->type));
    EndedJob ended;
    auto const& properties = *delivery.properties;
    ended.ref.queue = property(delivery, AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id);
    ended.ref.id = property(delivery, AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id);
    if (!state || !is_terminal(*state) || ended.ref.queue.empty() || ended.ref.id.empty())
        throw Error{errc::protocol_error,
                    "a reply that says nothing of a job: " + one_line(ended.ref.id, 60)};
    Ending ending;
    ending.state = *state;
    ending.reason = parse_reason(text(headers, "reason")).value_or(FailReason::none);
    ending.error = text(headers, "error").substr(0, longest_error);
    ending.attempt = count(headers, "attempt", 1);
    if (*state == JobState::succeeded) ending.result = std::move(delivery.body);
    ended.ending = std::move(ending);
    return ended;
}

}  // namespace cohort::rabbitmq
