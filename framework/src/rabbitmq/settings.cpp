// SPDX-License-Identifier: MIT
// Settings as the text of a URL.
#include <cohort/rabbitmq.hpp>

namespace cohort::rabbitmq {
namespace {

std::string encode(std::string_view text) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (plain.find(c) != plain.npos)
            out += c;
        else
            out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return out;
}

std::string millis(Duration span) {
    return std::to_string(span / 1ms) + "ms";
}

}  // namespace

std::string Settings::url() const {
    bool const is_v6 = host.find(':') != host.npos;
    std::string text = "amqp://" + encode(user) + ":" + encode(password.reveal()) + "@";
    text += (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
    text += "?vhost=" + encode(vhost) + "&heartbeat=" + millis(heartbeat);
    text += "&blocked_timeout=" + millis(blocked_timeout) + "&timeout=" + millis(timeout);
    text += "&frame_max=" + std::to_string(frame_max);
    if (!space.empty()) text += "&namespace=" + encode(space);
    if (!name.empty()) text += "&name=" + encode(name);
    for (auto const& [key, value] : others)
        text += "&" + encode(key) + "=" + encode(value);
    return text;
}

}  // namespace cohort::rabbitmq
