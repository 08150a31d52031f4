// SPDX-License-Identifier: MIT
#include "redis/intake.hpp"

#include "redis/record.hpp"

#include <cohort/id.hpp>
#include <cohort/json_view.hpp>
#include <cohort/json_writer.hpp>
#include <cohort/log.hpp>

#include <algorithm>

namespace cohort::redis {
namespace {

constexpr std::uint64_t newest_version = 1;
constexpr std::size_t longest_shown = 64 * 1024;  // of an envelope that is no job
constexpr std::size_t fewest = 20;
constexpr std::size_t most = 100;

Duration seconds_of(JsonView value) {
    double const seconds = value.as_double();
    if (!(seconds >= 0.0 && seconds <= 1e10)) value.wrong("seconds in 0..1e10");
    return Duration{static_cast<Duration::rep>(seconds * 1e6)};
}

std::string text_of(JsonView object, std::string_view key) {
    JsonView const value = object.find(key);
    return value && !value.is_null() ? std::string{value.as_string()} : std::string{};
}

// Throws Error that names the member.
void fill(NewJob& job, JsonView object) {
    if (object.kind() != JsonKind::object) object.wrong("an object");
    if (auto const version = object.find("v")) {
        auto const number = version.as_uint64();
        if (number < 1 || number > newest_version)
            version.fail(errc::bad_envelope,
                         "unsupported version " + std::to_string(number) + " (supported 1)");
    }
    std::string const name{object.at("name").as_string()};
    check_job_name(name);
    job.name = name;
    job.arguments = "[]";
    if (auto const arguments = object.find("args")) {
        bool const is_list = arguments.kind() == JsonKind::array || arguments.kind() == JsonKind::object;
        if (!is_list) arguments.wrong("an array or an object");
        job.arguments = arguments.text();
    }
    if (auto const priority = object.find("priority"))
        job.priority = static_cast<std::int32_t>(priority.as_int64(-100, 100));
    if (auto const delay = object.find("delay")) job.delay = seconds_of(delay);
    if (auto const expires = object.find("expires")) job.expires = seconds_of(expires);
    if (auto const timeout = object.find("timeout")) job.policy.timeout = seconds_of(timeout);
    if (auto const retries = object.find("max_retries"))
        job.policy.max_retries = static_cast<std::uint32_t>(retries.as_uint64(1'000'000));
    if (auto const version = object.find("version"))
        job.version = static_cast<std::uint32_t>(version.as_uint64(UINT32_MAX));
    job.unique = text_of(object, "unique");
    job.client = text_of(object, "client");
    job.sender = text_of(object, "sender");
    check_policy(job.policy);
}

std::string as_json_string(std::string_view text) {
    std::string out;
    JsonWriter writer{out};
    // Escaped first: it may be anything, and JSON is UTF-8.
    writer.string(one_line(text, longest_shown));
    return out;
}

}  // namespace

Envelope read_envelope(std::string const& queue, std::string_view text, std::string id) {
    Envelope envelope;
    try {
        JsonDocument document;
        JsonView const object = document.parse(text);
        if (object.kind() == JsonKind::object && object.find("id")) {
            std::string own = text_of(object, "id");
            check_job_id(own);
            id = std::move(own);
        }
        fill(envelope.job, object);
        envelope.job.ref = JobRef{queue, id};
        check_record(envelope.job);
        return envelope;
    } catch (Error const& error) {
        envelope.fault = one_line(std::string{"not an envelope: "} + error.what(), 8000);
    }
    Text const name = envelope.job.name.empty() ? Text{"unknown"} : envelope.job.name;
    envelope.job = {};
    envelope.job.ref = JobRef{queue, std::move(id)};
    envelope.job.name = name;
    envelope.job.arguments = as_json_string(text);
    return envelope;
}

awaitable<void> take_in(CorePtr core, std::string queue, std::size_t limit) {
    static IdGenerator const next_id = ulid();
    std::size_t const count = std::clamp(limit, fewest, most);
    Call look{Effect::none, {"LRANGE", core->keys(queue)("in"), "0", std::to_string(count - 1)}};
    auto const found = co_await ask(core->commands(), core->config, std::move(look));
    View const texts = found.get();
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        Envelope const envelope = read_envelope(queue, texts[i].text(), next_id());
        arguments.emplace_back(texts[i].text());
        arguments.push_back(envelope.job.ref.id);
        arguments.push_back(encode_record(envelope.job, static_cast<std::uint16_t>(i)));
        arguments.push_back(encode_options(envelope.job));
        arguments.push_back(envelope.fault);
    }
    if (arguments.empty()) co_return;
    Call take = whole_queue_call(*core, intake_script, queue, std::move(arguments));
    co_await ask(core->commands(), core->config, std::move(take));
}

}  // namespace cohort::redis
