// SPDX-License-Identifier: MIT
// What can be wrong with an argument that the compiler cannot know.
#include <cohort/detail/arguments.hpp>

namespace cohort::detail {

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
