// SPDX-License-Identifier: MIT
#include "rabbitmq/stored_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace cohort::rabbitmq {

namespace asio = boost::asio;

StoredCore::StoredCore(Config its_config, std::shared_ptr<Broker> its_store)
    : config{std::move(its_config)}, store{std::move(its_store)},
      engine{std::make_shared<Engine>(loop.executor(), config)}, tickets{std::make_shared<Tickets>(engine)} {
    engine->producer->on_return([weak = std::weak_ptr{tickets}] {
        if (auto const owing = weak.lock()) owing->publish_owed();
    });
    // What was published while the server was away is lost, and so may be what was there before.
    engine->worker->on_return([this] { wake_ears(); });
}

StoredCore::~StoredCore() {
    // Ears and connections end here, when nobody else touches them.
    loop.end_within(10s);
}

void StoredCore::call(Tickets::Counts counts, std::function<void()> done) {
    auto publish = [tickets = tickets, executor = loop.executor(), counts = std::move(counts),
                    done = std::move(done)]() mutable {
        auto ended = [tickets, done = std::move(done)](std::exception_ptr) {
            if (done) done();
        };
        asio::co_spawn(executor, tickets->publish(std::move(counts)), std::move(ended));
    };
    asio::post(loop.executor(), std::move(publish));
}

EarPtr StoredCore::ear(std::string const& incarnation) {
    std::lock_guard const lock{mutex_};
    auto& ear = ears_[incarnation];
    if (!ear) ear = std::make_shared<Ear>(engine);
    return ear;
}

void StoredCore::know(std::string const& incarnation, std::vector<std::string> queues) {
    std::lock_guard const lock{mutex_};
    queues_[incarnation] = std::move(queues);
}

std::vector<std::string> StoredCore::queues(std::string const& incarnation) {
    std::lock_guard const lock{mutex_};
    auto const found = queues_.find(incarnation);
    return found == queues_.end() ? std::vector<std::string>{} : found->second;
}

void StoredCore::forget(std::string const& incarnation) {
    std::lock_guard const lock{mutex_};
    queues_.erase(incarnation);
    auto const found = ears_.find(incarnation);
    if (found == ears_.end()) return;
    asio::post(loop.executor(), [ear = found->second] { ear->close(); });
    ears_.erase(found);
}

void StoredCore::wake_ears() {
    std::lock_guard const lock{mutex_};
    for (auto const& [incarnation, ear] : ears_)
        ear->wake();
}

void StoredCore::close() {
    if (is_closed.exchange(true)) return;
    store->close();
    wake_ears();
    asio::post(loop.executor(), [engine = engine] { engine->close(); });
}

}  // namespace cohort::rabbitmq
