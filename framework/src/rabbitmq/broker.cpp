// SPDX-License-Identifier: MIT
#include "rabbitmq/broker.hpp"

#include "rabbitmq/rabbitmq.hpp"
#include "rabbitmq/verbs.hpp"

#include <cohort/error.hpp>

#include <boost/asio/post.hpp>

namespace cohort::rabbitmq {
namespace {

using CorePtr = std::shared_ptr<Core>;

void check_open(Core const& core) {
    if (core.is_closed) throw Error{errc::closed, core.config.masked + " was closed"};
}

// The core stays for as long as one of its verbs is under way.
template<class T>
awaitable<T> cross(CorePtr core, awaitable<T> verb, StopPtr stop = nullptr) {
    check_open(*core);
    auto crossing = hop(core->loop.executor(), std::move(verb), std::move(stop));
    T result = co_await std::move(crossing);
    co_return result;
}

awaitable<void> cross(CorePtr core, awaitable<void> verb, StopPtr stop = nullptr) {
    check_open(*core);
    auto crossing = hop(core->loop.executor(), std::move(verb), std::move(stop));
    co_await std::move(crossing);
}

// `core` first: a closed broker says that it is closed.
[[noreturn]] void refuse(Core const& core, char const* what) {
    check_open(core);
    throw Error{errc::not_supported, core.config.masked +
                                         ": RabbitMQ without a store keeps no records, so it " + what +
                                         "; use sqlite: or redis:// where that is needed, " +
                                         "instead or beside it (store=sqlite:FILE)"};
}

awaitable<std::vector<EndedJob>> watch_on_loop(EnginePtr engine, WatchParams params, StopPtr stop,
                                               Receipt receipt) {
    engine->check_open();
    if (params.client.empty()) throw Error{errc::invalid_config, "a watch names its client"};
    auto const replies = engine->replies;
    auto watching = replies->watch(std::move(params), std::move(stop), std::move(receipt));
    std::vector<EndedJob> ended = co_await std::move(watching);
    co_return ended;
}

// Whoever watches may be gone when the loop has said it: only what has arrived there is acked.
awaitable<std::vector<EndedJob>> watch_and_confirm(CorePtr core, WatchParams params) {
    auto const stop = std::make_shared<Stop>();
    auto const receipt = std::make_shared<std::atomic<bool>>(false);
    auto watching = cross(core, watch_on_loop(core->engine, std::move(params), stop, receipt), stop);
    std::vector<EndedJob> ended = co_await std::move(watching);
    receipt->store(true);
    co_return ended;
}

}  // namespace

std::shared_ptr<Broker> open(Url const& url, Clock const& clock) {
    if (url.text("store"))
        throw Error{errc::not_supported, "a store is opened by open_broker(), for " + url.masked()};
    if (url.text("poll"))
        throw Error{errc::invalid_url,
                    "poll says how often to look into the store, and there is none in " + url.masked()};
    return std::make_shared<RabbitBroker>(read_config(url, clock));
}

RabbitBroker::RabbitBroker(Config config)
    : core_{std::make_shared<Core>(std::move(config))},
      capabilities_{.durable = true,
                    .between_processes = true,
                    .priorities = core_->config.has_priorities,
                    .delays = true,
                    .expiry = true,
                    .pushed_wakeups = true} {}

RabbitBroker::~RabbitBroker() {
    close();
}

void RabbitBroker::close() noexcept {
    if (core_->is_closed.exchange(true)) return;
    boost::asio::post(core_->loop.executor(), [engine = core_->engine] { engine->close(); });
}

awaitable<std::vector<PushResult>> RabbitBroker::push(std::vector<NewJob> jobs) {
    return cross(core_, rabbitmq::push(core_->engine, std::move(jobs)));
}
awaitable<void> RabbitBroker::enlist(WorkerInfo worker) {
    return cross(core_, rabbitmq::enlist(core_->engine, std::move(worker)));
}
awaitable<BeatReply> RabbitBroker::renew(Beat beat) {
    return cross(core_, rabbitmq::renew(core_->engine, std::move(beat)));
}
awaitable<void> RabbitBroker::retire(std::string incarnation) {
    return cross(core_, rabbitmq::retire(core_->engine, std::move(incarnation)));
}
awaitable<ClaimReply> RabbitBroker::claim(ClaimParams params) {
    auto const stop = std::make_shared<Stop>();
    return cross(core_, rabbitmq::claim(core_->engine, std::move(params), stop), stop);
}
awaitable<std::vector<Verdict>> RabbitBroker::settle(std::vector<Settlement> settlements) {
    return cross(core_, rabbitmq::settle(core_->engine, std::move(settlements)));
}
awaitable<UpkeepReply> RabbitBroker::upkeep(UpkeepParams params) {
    return cross(core_, rabbitmq::upkeep(core_->engine, std::move(params)));
}
awaitable<std::vector<EndedJob>> RabbitBroker::watch(WatchParams params) {
    return watch_and_confirm(core_, std::move(params));
}

awaitable<std::vector<CancelVerdict>> RabbitBroker::cancel(std::vector<JobRef>) {
    refuse(*core_, "cannot find a job to cancel");
    co_return std::vector<CancelVerdict>{};
}
awaitable<std::vector<std::optional<JobRecord>>> RabbitBroker::status(std::vector<JobRef>) {
    refuse(*core_, "has no status of a job");
    co_return std::vector<std::optional<JobRecord>>{};
}
awaitable<std::vector<Ending>> RabbitBroker::results(std::vector<JobRef>) {
    refuse(*core_, "has results only for clients that watch");
    co_return std::vector<Ending>{};
}

}  // namespace cohort::rabbitmq
