// SPDX-License-Identifier: MIT
// AMQP 0-9-1 frames: cutting them out of a stream of bytes, and putting them in one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::rabbitmq {

inline constexpr std::uint8_t frame_method = 1;
inline constexpr std::uint8_t frame_header = 2;
inline constexpr std::uint8_t frame_body = 3;
inline constexpr std::uint8_t frame_heartbeat = 8;
// Around the payload: type, channel, size; end mark.
inline constexpr std::size_t frame_overhead = 8;

struct Frame {
    std::uint8_t type = 0;
    std::uint16_t channel = 0;
    std::string_view payload;
};

// Keeps at most one frame beside what is fed to it.
class FrameReader {
public:
    // No frame may be larger, with all that is around it.
    explicit FrameReader(std::uint32_t limit) : limit_{limit} {}
    void set_limit(std::uint32_t limit) noexcept { limit_ = limit; }

    void feed(std::string_view bytes);
    // Valid until the next call of either. Throws Error(protocol_error).
    std::optional<Frame> next();

private:
    std::uint32_t limit_;
    std::string buffer_;
    std::size_t read_ = 0;
};

void append_frame(std::string& out, std::uint8_t type, std::uint16_t channel, std::string_view payload);
// The same around a payload that is appended in between; begin_frame() says what end_frame() is given.
std::size_t begin_frame(std::string& out, std::uint8_t type, std::uint16_t channel);
void end_frame(std::string& out, std::size_t begun);

// Big-endian, as everything in AMQP.
std::uint32_t read_u32(std::string_view bytes) noexcept;
std::uint16_t read_u16(std::string_view bytes) noexcept;
std::uint64_t read_u64(std::string_view bytes) noexcept;
void append_u16(std::string& out, std::uint16_t value);
void append_u32(std::string& out, std::uint32_t value);
void append_u64(std::string& out, std::uint64_t value);

}  // namespace cohort::rabbitmq
