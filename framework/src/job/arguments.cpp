// SPDX-License-Identifier: MIT
// What can be wrong with an argument that the compiler cannot know.
#include <cohort/detail/arguments.hpp>

#include <utility>

namespace cohort::detail {

namespace {

constexpr std::size_t largest_stock = 64 * 1024;

// Trivial, so that who is destroyed after its thread's stock finds it gone.
thread_local bool is_gone = false;

struct Stock {
    ~Stock() { is_gone = true; }
    std::string text;
};

Stock* stock() noexcept {
    if (is_gone) return nullptr;
    thread_local Stock own;
    return &own;
}

}  // namespace

// Taken out: what is written may be of a type that encodes arguments itself.
ArgumentsText::ArgumentsText() noexcept {
    if (Stock* const own = stock()) text.swap(own->text);
}

ArgumentsText::~ArgumentsText() {
    Stock* const own = text.capacity() > largest_stock ? nullptr : stock();
    if (own == nullptr) return;
    text.clear();
    text.swap(own->text);
}

void throw_does_not_fit(JsonWriter& writer, std::string value, std::string type) {
    writer.fail(errc::argument_range, value + " does not fit " + type);
}

void throw_null_text(JsonWriter& writer) {
    writer.fail(errc::argument_type, "expected text, got a null pointer");
}

void check_payload_size(std::size_t bytes) {
    if (bytes <= max_payload_bytes) return;
    throw Error{errc::payload_too_large, std::to_string(bytes) + " > " + std::to_string(max_payload_bytes) +
                                             " bytes; store it elsewhere and pass a reference"};
}

}  // namespace cohort::detail
