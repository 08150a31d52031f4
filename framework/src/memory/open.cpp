// SPDX-License-Identifier: MIT
#include "memory/broker.hpp"
#include "memory/memory.hpp"

#include <map>
#include <mutex>
#include <tuple>

namespace cohort::memory {

namespace {

// The stores that have a name, for as long as somebody holds them.
class Stores {
public:
    std::shared_ptr<Store> get(std::string const& name, std::string const& space, Clock const& clock) {
        std::lock_guard const lock{mutex_};
        std::erase_if(stores_, [](auto const& entry) { return entry.second.expired(); });
        // Clocks of different kinds mean different worlds, such as two tests in one process.
        auto& known = stores_[std::tuple{name, space, &clock}];
        auto store = known.lock();
        if (!store) known = store = std::make_shared<Store>(clock);
        return store;
    }

private:
    std::mutex mutex_;
    std::map<std::tuple<std::string, std::string, Clock const*>, std::weak_ptr<Store>> stores_;
};

}  // namespace

std::shared_ptr<Broker> open(Url const& url, Clock const& clock) {
    static Stores stores;
    url.expect({"namespace", "max_ended", "max_ended_bytes"});
    if (!url.hosts.empty()) {
        throw Error{errc::invalid_url,
                    url.masked() + ": a memory broker has no host; write memory: or memory:name"};
    }
    auto const limits = read_ended_limits(url);
    std::string const space = url.text("namespace").value_or("");
    auto store = url.path.empty() ? std::make_shared<Store>(clock) : stores.get(url.path, space, clock);
    return std::make_shared<MemoryBroker>(std::move(store), url.masked(), limits);
}

}  // namespace cohort::memory
