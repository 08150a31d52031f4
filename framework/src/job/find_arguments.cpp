// SPDX-License-Identifier: MIT
// Which of a function's arguments are there, in an array or in an object; and what may be said of the result.
#include <cohort/detail/body.hpp>

#include <algorithm>

namespace cohort::detail {
namespace {

std::size_t find_positional(JsonView root, ArgumentViews const& arguments) {
    // More than the function takes come from a newer client: ignored.
    std::size_t const given = std::min(root.size(), arguments.views.size());
    for (std::size_t i = 0; i < given; ++i)
        arguments.views[i] = root[i];
    return given;
}

std::size_t find_named(JsonView root, ArgumentViews const& arguments) {
    if (arguments.names.empty() && !arguments.views.empty()) {
        root.fail(errc::argument_type,
                  "expected an array, since this job does not name its parameters (.params)");
    }
    std::size_t hint = 0;
    std::size_t given = 0;
    for (std::size_t i = 0; i < arguments.views.size(); ++i) {
        arguments.views[i] = root.find(arguments.names[i], hint);
        if (arguments.views[i]) given = i + 1;
    }
    return given;
}

}  // namespace

std::size_t find_arguments(JsonView root, ArgumentViews const& arguments) {
    JsonKind const kind = root.kind();
    if (kind != JsonKind::array && kind != JsonKind::object) root.wrong("an array or an object");
    bool const positional = kind == JsonKind::array;
    std::size_t given = positional ? find_positional(root, arguments) : find_named(root, arguments);

    // What is missing among the required ones, or before one that is there, must be able to be empty.
    std::size_t const needed = std::max(given, arguments.required);
    for (std::size_t i = 0; i < needed; ++i) {
        if (arguments.views[i] || arguments.may_be_absent[i]) continue;
        if (!positional) root.missing(arguments.names[i]);
        root.fail(errc::argument_count, "expected " + std::to_string(arguments.required) +
                                            (arguments.required < arguments.views.size() ? " or more" : "") +
                                            ", got " + std::to_string(given));
    }
    return needed;
}

void set_result(Context& context, std::string json) {
    if (json.size() > max_payload_bytes) {
        throw Error{errc::result_too_large, std::to_string(json.size()) + " > " +
                                                std::to_string(max_payload_bytes) +
                                                " bytes; store it elsewhere and return a reference"};
    }
    context.set_result(std::move(json));
}

}  // namespace cohort::detail
