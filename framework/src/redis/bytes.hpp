// SPDX-License-Identifier: MIT
// Numbers and texts as Lua's struct library packs them: little-endian, without gaps.
#pragma once

#include <cohort/error.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace cohort::redis {

static_assert(std::endian::native == std::endian::little, "records are copied as they are in memory");

class ByteWriter {
public:
    ByteWriter() = default;
    explicit ByteWriter(std::size_t expected) { out_.reserve(expected); }

    template<class Number>
    ByteWriter& number(Number value) {
        static_assert(std::is_arithmetic_v<Number>);
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        out_.append(bytes, sizeof value);
        return *this;
    }
    // Behind its length. The caller has checked that Length holds it.
    template<class Length>
    ByteWriter& text(std::string_view text) {
        number(static_cast<Length>(text.size()));
        out_ += text;
        return *this;
    }
    ByteWriter& raw(std::string_view bytes) {
        out_ += bytes;
        return *this;
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

// Throws Error(storage_corrupt) at the end of the bytes.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_{bytes} {}

    template<class Number>
    Number number() {
        auto const bytes = raw(sizeof(Number));
        Number value;
        std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    template<class Length>
    std::string text() {
        return std::string{raw(number<Length>())};
    }
    std::string_view raw(std::size_t size) {
        if (size > rest_.size()) throw Error{errc::storage_corrupt, "a record is cut short"};
        auto const part = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return part;
    }
    std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

}  // namespace cohort::redis
