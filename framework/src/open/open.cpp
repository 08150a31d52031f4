// SPDX-License-Identifier: MIT
#include "open/schemes.hpp"
#include "open/store.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/client.hpp>
#include <cohort/open.hpp>
#include <cohort/worker.hpp>

#include <cstdlib>

namespace cohort {

namespace {

std::shared_ptr<Broker> open_url(Url const& url);

std::shared_ptr<Broker> open_as(Scheme const& scheme, Url const& url) {
    if (scheme.open_on_store == nullptr || !url.text("store")) return scheme.open(url, system_clock());
    auto const open_store = [&url] { return open_url(store_of(url)); };
    return scheme.open_on_store(url, open_store, system_clock());
}

std::shared_ptr<Broker> open_url(Url const& url) {
    std::string known;
    for (auto const& scheme : schemes()) {
        if (scheme.name == url.scheme && scheme.open != nullptr) return open_as(scheme, url);
        if (scheme.name == url.scheme) {
            throw Error{errc::not_supported, "this program was built without " +
                                                 std::string{scheme.component} + ": add COMPONENTS " +
                                                 std::string{scheme.component}};
        }
        if (scheme.open != nullptr)
            known += std::string{known.empty() ? "" : ", "} + std::string{scheme.name} + ":";
    }
    throw Error{errc::invalid_url, "unknown scheme in " + url.masked() + "; known are " + known};
}

}  // namespace

std::shared_ptr<Broker> open_broker(std::string_view text) {
    return open_url(parse_url(text));
}

std::shared_ptr<Broker> try_open_broker(std::string_view url, std::string* trouble) noexcept {
    try {
        return open_broker(url);
    } catch (std::exception const& error) {
        if (trouble != nullptr) *trouble = error.what();
    }
    return nullptr;
}

std::vector<std::string_view> open_schemes() {
    std::vector<std::string_view> names;
    for (auto const& scheme : schemes()) {
        if (scheme.open != nullptr) names.push_back(scheme.name);
    }
    return names;
}

std::string default_broker_url() {
    char const* const url = std::getenv("COHORT_BROKER");
    return url != nullptr && *url != '\0' ? url : "sqlite:cohort.db";
}

}  // namespace cohort
