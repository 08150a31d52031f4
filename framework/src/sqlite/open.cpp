// SPDX-License-Identifier: MIT
// From a URL to a broker: options, the file, its schema.
#include "sqlite/broker.hpp"
#include "sqlite/errors.hpp"
#include "sqlite/place.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/sqlite.hpp"

#include <cohort/error.hpp>

#include <chrono>
#include <thread>

namespace cohort::sqlite {
namespace {

constexpr auto set_up_patience = std::chrono::seconds{5};

Durability durability_of(Url const& url) {
    auto const text = url.text("durability").value_or("full");
    if (text == "full") return Durability::full;
    if (text == "normal") return Durability::normal;
    throw Error{errc::invalid_url,
                "durability \"" + text + "\" is neither full nor normal, in " + url.masked()};
}

// Journal and schema, once per file. Other processes may be doing the same, and other programs may hold the
// lock.
void set_up(Config const& config) {
    auto const end = std::chrono::steady_clock::now() + set_up_patience;
    for (;;) {
        try {
            Database database{config.path, {Durability::full, false}};
            check_schema(database);
            database.execute("PRAGMA journal_mode = WAL");
            migrate(database);
            return;
        } catch (Locked const& locked) {
            if (std::chrono::steady_clock::now() >= end) throw make_error(nullptr, locked.code, config.path);
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
    }
}

}  // namespace

std::shared_ptr<Broker> open(Url const& url, Clock const& clock) {
    url.expect({"durability", "namespace", "max_ended", "max_ended_bytes"});
    if (!url.hosts.empty() || !url.user.empty()) {
        throw Error{errc::invalid_url,
                    "a file has no host; write sqlite:path.db or sqlite:/path.db, not " + url.masked()};
    }
    Config config;
    config.durability = durability_of(url);
    config.space = url.text("namespace").value_or("");
    config.limits = read_ended_limits(url);
    config.path = prepare_file(url.path);
    config.clock = &clock;
    config.boot = boot_id();
    set_up(config);
    return std::make_shared<FileBroker>(std::move(config), url.masked());
}

}  // namespace cohort::sqlite
