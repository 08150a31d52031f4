// SPDX-License-Identifier: MIT
#include "open/store.hpp"

#include <cohort/error.hpp>

namespace cohort {
namespace {

[[noreturn]] void refuse(Url const& outer, std::string const& fault) {
    throw Error{errc::invalid_url, "the store " + fault + ", in " + outer.masked()};
}

Url parse_store(Url const& outer, std::string const& text) {
    try {
        return parse_url(text);
    } catch (Error const& error) {
        refuse(outer, "is no address: it " + error.detail());
    }
}

}  // namespace

Url store_of(Url const& outer) {
    Url store = parse_store(outer, outer.text("store").value_or(""));
    if (store.scheme == "memory") {
        refuse(outer, "is gone with its process, and no other process sees it: use sqlite: or redis://");
    }
    if (store.scheme.starts_with("amqp")) {
        refuse(outer, "would keep no records: use sqlite: or redis://");
    }
    auto const space = outer.text("namespace");
    if (space) store.params.emplace("namespace", *space);
    return store;
}

}  // namespace cohort
