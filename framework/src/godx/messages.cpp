// SPDX-License-Identifier: MIT
// Messages: built, taken apart, and read from how jobs end.
#include "godx/words.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/json_writer.hpp>

#include <utility>

namespace cohort::godx {
namespace {

std::string id_or_new(std::string id) {
    static IdGenerator const ids = ulid();
    return id.empty() ? std::string{ids()} : std::move(id);
}

std::string json_string(std::string_view text) {
    std::string json;
    JsonWriter{json}.string(text);
    return json;
}

std::string text_header(rabbitmq::RawMessage const& raw, std::string const& name) {
    auto const found = raw.headers.find(name);
    if (found == raw.headers.end()) return {};
    auto const* const text = std::get_if<std::string>(&found->second);
    return text == nullptr ? std::string{} : *text;
}

FailReason reason_of(ErrorCode code) {
    switch (code) {
    case ErrorCode::invalid_task:
        return FailReason::bad_payload;
    case ErrorCode::task_timeout:
        return FailReason::timeout;
    default:
        return FailReason::exception;
    }
}

[[noreturn]] void refuse(std::string const& why) {
    throw Error{errc::bad_envelope, why};
}

}  // namespace

Message task(std::string client, std::string reply_to, std::string name, std::string arguments,
             std::string id) {
    Message message;
    message.metadata.type = MessageType::task;
    message.metadata.id = id_or_new(std::move(id));
    message.metadata.client = std::move(client);
    message.metadata.task = std::move(name);
    message.metadata.reply_to = std::move(reply_to);
    message.arguments = std::move(arguments);
    return message;
}

Message initialization(std::string client, std::string reply_to, bool enable_overdue, std::string id) {
    Message message = task(std::move(client), std::move(reply_to), {}, {}, std::move(id));
    message.metadata.type = MessageType::initialization;
    message.arguments = enable_overdue ? "[true]" : "[false]";
    return message;
}

Message info(std::string client, std::string id, std::string result) {
    Message message;
    message.metadata.type = MessageType::info;
    message.metadata.id = std::move(id);
    message.metadata.client = std::move(client);
    message.metadata.status = static_cast<std::uint8_t>(InfoStatus::ok);
    message.arguments = std::move(result);
    return message;
}

Message error(std::string client, std::string id, ErrorCode code, std::string_view text) {
    Message message = info(std::move(client), std::move(id), json_string(text));
    message.metadata.type = MessageType::error;
    message.metadata.status = static_cast<std::uint8_t>(code);
    return message;
}

rabbitmq::RawMessage assemble(Message const& message) {
    auto const& metadata = message.metadata;
    rabbitmq::RawMessage raw;
    raw.id = metadata.id;
    raw.headers["v"] = std::int64_t{1};
    bool const is_reply = metadata.type == MessageType::info || metadata.type == MessageType::error;
    raw.headers[is_reply ? "client" : "sender"] = metadata.client;
    raw.reply_to = metadata.reply_to;
    raw.body = message.arguments;
    switch (metadata.type) {
    case MessageType::initialization:
        raw.type = initialization_name;
        break;
    case MessageType::task:
        raw.type = metadata.task;
        break;
    case MessageType::info:
        raw.type = to_string(JobState::succeeded);
        break;
    case MessageType::error: {
        auto const code = static_cast<ErrorCode>(metadata.status);
        raw.type = to_string(JobState::failed);
        raw.body.clear();
        raw.headers["reason"] = std::string{to_string(reason_of(code))};
        raw.headers["error"] = say(code, message.content<std::string>());
        break;
    }
    }
    return raw;
}

Message disassemble(rabbitmq::RawMessage const& raw) {
    if (raw.type.empty()) refuse("a message without a type");
    if (raw.id.empty()) refuse("a message without an id");
    auto const state = parse_state(raw.type);
    if (!state) {
        std::string client = client_of(text_header(raw, "sender"));
        bool const begins = raw.type == initialization_name;
        Message message =
            task(std::move(client), raw.reply_to, begins ? std::string{} : raw.type, raw.body, raw.id);
        if (begins) message.metadata.type = MessageType::initialization;
        JsonDocument document{JsonRole::arguments};
        auto const kind = document.parse(raw.body).kind();
        if (kind != JsonKind::array && kind != JsonKind::object)
            refuse("the arguments of a task are a JSON array or object");
        return message;
    }
    if (!is_terminal(*state)) refuse("a reply of type " + raw.type);
    Ending ending;
    ending.state = *state;
    ending.reason = parse_reason(text_header(raw, "reason")).value_or(FailReason::none);
    ending.error = text_header(raw, "error");
    ending.result = raw.body;
    return reply_of(text_header(raw, "client"), JobRef{{}, raw.id}, ending);
}

Message reply_of(std::string client, JobRef const& job, Ending const& ending) {
    if (!is_terminal(ending.state)) refuse("job " + to_string(job) + " has not ended");
    if (ending.state == JobState::succeeded) return info(std::move(client), job.id, ending.result);
    ErrorCode const code = code_of(ending);
    std::string_view text = ending.error;
    for (auto const& word : words) {
        if (word.code == code && text.starts_with(word.text)) text.remove_prefix(word.text.size());
    }
    return error(std::move(client), job.id, code, text);
}

ErrorCode code_of(Ending const& ending) {
    switch (ending.reason) {
    case FailReason::timeout:
        return ErrorCode::task_timeout;
    case FailReason::unknown_job:
    case FailReason::bad_payload:
        return ErrorCode::invalid_task;
    default:
        break;
    }
    for (auto const& word : words) {
        if (ending.error.starts_with(word.text)) return word.code;
    }
    return ErrorCode::error_in_task;
}

bool is_overdue(Ending const& ending) {
    bool const is_refused = ending.state == JobState::failed && ending.error.starts_with(overdue_words);
    return is_refused || ending.state == JobState::expired;
}

bool is_orphan(Ending const& ending) {
    return ending.state == JobState::failed && ending.error.starts_with(orphan_words);
}

}  // namespace cohort::godx
