// SPDX-License-Identifier: MIT
// Two types with a meaning of their own on the wire: raw bytes, and JSON that is to be passed on as it is.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohort {

// Anything that is not UTF-8 text. Travels as base64 (RFC 4648, padded), one third longer.
class Bytes {
public:
    Bytes() = default;
    explicit Bytes(std::string data) : data_{std::move(data)} {}
    explicit Bytes(std::span<std::byte const> data)
        : data_{reinterpret_cast<char const*>(data.data()), data.size()} {}

    std::string const& str() const noexcept { return data_; }
    std::span<std::byte const> span() const noexcept { return std::as_bytes(std::span{data_}); }
    std::size_t size() const noexcept { return data_.size(); }

    bool operator==(Bytes const&) const = default;

private:
    std::string data_;
};

// JSON text. As an argument or member it is embedded as it is, after a check of its syntax; as a result it is
// whatever the job returned.
class Json {
public:
    Json() = default;  // null
    explicit Json(std::string text) : text_{std::move(text)} {}

    std::string const& str() const noexcept { return text_; }

    bool operator==(Json const&) const = default;

private:
    std::string text_ = "null";
};

}  // namespace cohort
