// SPDX-License-Identifier: MIT
#include "rabbitmq/frame.hpp"
#include "rabbitmq/message.hpp"

#include <cohort/error.hpp>
#include <cohort/state.hpp>

#include <catch2/catch.hpp>

#include <limits>

namespace message_test {

using namespace cohort;
using namespace cohort::rabbitmq;

namespace {

// As it arrives at the other end.
Delivery carry(amqp_basic_properties_t const& properties, std::string body) {
    amqp_basic_publish_t const publish{};
    std::string bytes;
    append_content(bytes, 1, AMQP_BASIC_PUBLISH_METHOD, &publish, properties, body, 131072);
    FrameReader reader{131072};
    reader.feed(bytes);
    reader.next();
    auto const payload = reader.next().value().payload;
    Delivery delivery;
    delivery.arena = std::make_shared<Arena>();
    amqp_bytes_t kept{};
    amqp_pool_alloc_bytes(delivery.arena->get(), payload.size(), &kept);
    payload.copy(static_cast<char*>(kept.bytes), payload.size());
    delivery.properties = decode_content_head(view(kept), *delivery.arena).properties;
    delivery.body = std::move(body);
    return delivery;
}

// A message that somebody made by hand.
Delivery by_hand(std::string_view type, Table& headers, std::string body = {}) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TYPE_FLAG;
    properties.type = bytes_of(type);
    properties.headers = headers.get();
    return carry(properties, std::move(body));
}

JobRecord make_job() {
    NewJob job;
    job.ref = JobRef{"main", "j1"};
    job.name = "shop.price";
    job.arguments = R"({"sku":"ä"})";
    job.version = 3;
    job.client = "c1";
    job.sender = "somebody@here/7";
    job.policy.max_retries = 4;
    job.policy.max_lost = 0;
    job.policy.timeout = 1500ms;
    job.policy.backoff = Backoff{2s, 3.5, 1min, false};
    job.policy.keep_result = 0s;
    job.policy.keep_error = 3h;
    return make_record(std::move(job), Instant{} + 24h * 365 * 56);
}

}  // namespace

TEST_CASE("a job comes out of its message as it went in") {
    JobRecord job = make_job();
    job.counters = Counters{4, 1, 2, 1};
    job.due += 7s;
    job.reason = FailReason::exception;
    job.error = "boom\nagain";
    auto const message = encode_job(job, 90s);

    Delivered const delivered = decode_job(carry(message->properties(), job.arguments), "main", Instant{});

    CHECK(delivered.fault.empty());
    CHECK(delivered.rest == 90s);
    CHECK(static_cast<JobSpec const&>(delivered.job) == static_cast<JobSpec const&>(job));
    CHECK(delivered.job.counters == job.counters);
    CHECK(delivered.job.created == job.created);
    CHECK(delivered.job.due == job.due);
    CHECK(delivered.job.reason == job.reason);
    CHECK(delivered.job.error == job.error);
}

TEST_CASE("a message by hand needs a name and nothing else") {
    Table none;
    Delivered const delivered = decode_job(by_hand("shop.add", none), "main", Instant{} + 1h);
    CHECK(delivered.fault.empty());
    CHECK(delivered.job.name == "shop.add");
    CHECK(delivered.job.arguments == "[]");
    CHECK(delivered.job.policy == Policy{});
    CHECK(delivered.job.counters == Counters{});
    CHECK(delivered.job.created == Instant{} + 1h);
    CHECK(delivered.job.due == Instant{} + 1h);
    CHECK_FALSE(delivered.job.ref.id.empty());
}

TEST_CASE("deliveries that came back count as lost workers", "[F17]") {
    Table headers;
    headers.add("x-delivery-count", std::int64_t{2})
        .add("attempt", std::int64_t{3})
        .add("lost", std::int64_t{1});
    Delivered const delivered = decode_job(by_hand("shop.add", headers), "main", Instant{});
    CHECK(delivered.came_back == 2);
    CHECK(delivered.job.counters == Counters{5, 0, 3, 0});
}

TEST_CASE("headers beyond sense are brought to what has some", "[F54]") {
    Table headers;
    constexpr auto huge = std::numeric_limits<std::int64_t>::max();
    headers.add("attempt", std::int64_t{-5})
        .add("x-delivery-count", huge)
        .add("max-lost", huge)
        .add("max-retries", huge)
        .add("timeout", huge)
        .add("keep-error", huge)
        .add("backoff", std::int64_t{0})
        .add("backoff-factor", std::numeric_limits<double>::quiet_NaN())
        .add("created", std::numeric_limits<std::int64_t>::min())
        .add("delay", std::int64_t{-1})
        .add("reason", std::string_view{"no such reason"})
        .add("sender", true);
    Delivered const delivered = decode_job(by_hand("shop.add", headers), "main", Instant{});
    CHECK(delivered.fault.empty());
    CHECK(delivered.rest == 0s);
    CHECK(delivered.job.reason == FailReason::none);
    CHECK(delivered.job.created == Instant{});
    CHECK_NOTHROW(check_policy(delivered.job.policy));
}

TEST_CASE("what is no job says why", "[F54][B19]") {
    Table none;
    CHECK_FALSE(decode_job(by_hand("", none), "main", Instant{}).fault.empty());
    CHECK_FALSE(decode_job(by_hand("a\nb", none), "main", Instant{}).fault.empty());
    Table later;
    later.add("v", std::int64_t{2});
    CHECK(decode_job(by_hand("shop.add", later), "main", Instant{}).fault.find("version 2") !=
          std::string::npos);
}

TEST_CASE("an ending comes out of its message as it went in") {
    JobRecord job = make_job();
    for (std::uint32_t const attempt : {1U, 2U}) {
        job.counters.attempt = attempt;
        job.state = JobState::succeeded;
        job.result = "[3]";
        auto const success = encode_ending(job);
        EndedJob const succeeded = decode_ending(carry(success->properties(), job.result));
        CHECK(succeeded.ref == job.ref);
        CHECK(succeeded.ending->state == JobState::succeeded);
        CHECK(succeeded.ending->result == "[3]");
        CHECK(succeeded.ending->attempt == attempt);
    }

    job.state = JobState::failed;
    job.reason = FailReason::timeout;
    job.error = "too slow";
    auto const failure = encode_ending(job);
    EndedJob const failed = decode_ending(carry(failure->properties(), ""));
    CHECK(failed.ending->reason == FailReason::timeout);
    CHECK(failed.ending->error == "too slow");

    Table none;
    CHECK_THROWS_AS(decode_ending(by_hand("running", none)), Error);
    CHECK_THROWS_AS(decode_ending(by_hand("succeeded", none)), Error);
}

}  // namespace message_test
