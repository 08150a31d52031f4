// SPDX-License-Identifier: MIT
#include "rabbitmq/frame.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

namespace cohort::rabbitmq {
namespace {

constexpr char end_mark = '\xCE';
constexpr std::size_t head_size = 7;

template<class Number>
Number read(std::string_view bytes) noexcept {
    Number value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
        value = static_cast<Number>((value << 8) | static_cast<unsigned char>(bytes[i]));
    return value;
}

template<class Number>
void append(std::string& out, Number value) {
    for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift);
}

}  // namespace

std::uint16_t read_u16(std::string_view bytes) noexcept {
    return read<std::uint16_t>(bytes);
}
std::uint32_t read_u32(std::string_view bytes) noexcept {
    return read<std::uint32_t>(bytes);
}
std::uint64_t read_u64(std::string_view bytes) noexcept {
    return read<std::uint64_t>(bytes);
}
void append_u16(std::string& out, std::uint16_t value) {
    append(out, value);
}
void append_u32(std::string& out, std::uint32_t value) {
    append(out, value);
}
void append_u64(std::string& out, std::uint64_t value) {
    append(out, value);
}

void FrameReader::feed(std::string_view bytes) {
    buffer_.erase(0, read_);
    read_ = 0;
    buffer_ += bytes;
}

std::optional<Frame> FrameReader::next() {
    std::string_view const rest = std::string_view{buffer_}.substr(read_);
    if (rest.empty()) return std::nullopt;
    // Before the whole head is there: another program's answer must not be waited for.
    auto const type = static_cast<std::uint8_t>(rest[0]);
    bool const is_known =
        type == frame_method || type == frame_header || type == frame_body || type == frame_heartbeat;
    if (!is_known) {
        bool const is_version = rest.starts_with("AMQP");
        throw Error{errc::protocol_error, is_version ? "the server speaks another version of AMQP than 0-9-1"
                                                     : "this is no AMQP frame: " + one_line(rest, 20)};
    }
    if (rest.size() < head_size) return std::nullopt;
    std::uint32_t const size = read_u32(rest.substr(3));
    if (size > limit_ - frame_overhead) {
        throw Error{errc::protocol_error, "a frame of " + std::to_string(size) + " bytes; at most " +
                                              std::to_string(limit_ - frame_overhead) + " were agreed"};
    }
    if (rest.size() < frame_overhead + size) return std::nullopt;
    if (rest[head_size + size] != end_mark)
        throw Error{errc::protocol_error, "a frame does not end where it says"};
    read_ += frame_overhead + size;
    return Frame{type, read_u16(rest.substr(1)), rest.substr(head_size, size)};
}

void append_frame(std::string& out, std::uint8_t type, std::uint16_t channel, std::string_view payload) {
    std::size_t const begun = begin_frame(out, type, channel);
    out += payload;
    end_frame(out, begun);
}

std::size_t begin_frame(std::string& out, std::uint8_t type, std::uint16_t channel) {
    out += static_cast<char>(type);
    append_u16(out, channel);
    append_u32(out, 0);
    return out.size();
}

void end_frame(std::string& out, std::size_t begun) {
    auto const size = static_cast<std::uint32_t>(out.size() - begun);
    for (std::size_t i = 0; i < sizeof size; ++i)
        out[begun - 1 - i] = static_cast<char>(size >> (8 * i));
    out += end_mark;
}

}  // namespace cohort::rabbitmq
