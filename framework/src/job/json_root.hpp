// SPDX-License-Identifier: MIT
// The memory behind a JsonDocument: where its values live, and what they are.
#pragma once

#include <cohort/json_view.hpp>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>

namespace cohort::detail {

struct JsonRoot {
    // Enough for most payloads; beyond it the heap is asked.
    static constexpr std::size_t buffer_size = 4096;

    JsonRoot() { clear(); }

    // Ends the life of all values. A new resource each time: release() would keep doubling the size that it
    // asks the heap for next, for as long as this is reused.
    void clear() {
        if (is_clear) return;
        value = nullptr;
        memory.emplace(buffer, buffer_size);
        is_clear = true;
    }

    alignas(std::max_align_t) unsigned char buffer[buffer_size];
    std::optional<boost::json::monotonic_resource> memory;
    // Never destroyed by itself: it owns nothing but `memory`, and taking a tree apart costs time.
    boost::json::value const* value = nullptr;
    bool is_clear = false;
    JsonRole role = JsonRole::value;
    JsonRoot* next = nullptr;  // in the stock

    static boost::json::value const& of(JsonView view) noexcept {
        return *static_cast<boost::json::value const*>(view.value_);
    }
    static JsonView view(boost::json::value const& value, JsonRoot const* root) noexcept {
        return {&value, root};
    }
};

// Parses into root.memory, and sets root.value. Throws as JsonDocument::parse does.
void parse_json(JsonRoot& root, std::string_view text);

// "string "green"", "an array of 3": what a value is, for people.
std::string describe(boost::json::value const& value);

// Value by value: all limits of the writer hold.
void write_json(JsonWriter& writer, boost::json::value const& value);

}  // namespace cohort::detail
