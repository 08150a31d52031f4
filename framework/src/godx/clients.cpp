// SPDX-License-Identifier: MIT
// The list of registered clients: a job for each that waits for the year 2900.
#include <cohort/error.hpp>
#include <cohort/godx.hpp>
#include <cohort/id.hpp>

#include <utility>

namespace cohort::godx {
namespace {

constexpr std::string_view queue = "godx.clients";
constexpr Instant far_away = Instant{24h * 365 * 930};

std::string arguments_of(bool enable_overdue) {
    return enable_overdue ? "[true]" : "[false]";
}

NewJob entry_of(std::string const& name, bool enable_overdue) {
    NewJob job;
    job.ref = JobRef{std::string{queue}, name};
    job.name = "godx.client";
    job.arguments = arguments_of(enable_overdue);
    job.eta = far_away;
    // How long it is known that there was such a client.
    job.policy.keep_error = 24h * 365;
    return job;
}

awaitable<std::optional<JobRecord>> read(std::shared_ptr<Broker> store, std::string name) {
    std::vector<JobRef> refs{JobRef{std::string{queue}, name}};
    auto const records = co_await store->status(std::move(refs));
    co_return records.front();
}

awaitable<void> erase(std::shared_ptr<Broker> store, std::string name) {
    std::vector<JobRef> const refs{JobRef{std::string{queue}, name}};
    std::vector<JobRef> cancelled = refs;
    co_await store->cancel(std::move(cancelled));
    std::vector<JobRef> forgotten = refs;
    co_await store->forget(std::move(forgotten));
}

awaitable<void> write(std::shared_ptr<Broker> store, std::string name, bool enable_overdue) {
    auto const known = co_await read(store, name);
    if (known) {
        bool const is_same = !is_terminal(known->state) && known->arguments == arguments_of(enable_overdue);
        if (is_same) co_return;
        co_await erase(store, name);
    }
    std::vector<NewJob> jobs{entry_of(name, enable_overdue)};
    auto const results = co_await store->push(std::move(jobs));
    auto const& result = results.front();
    if (result.verdict == PushVerdict::stored) co_return;
    if (result.verdict == PushVerdict::refused) throw Error{result.code, result.detail};
    throw Error{errc::uncertain, "client " + name + " may have been registered; do it again"};
}

awaitable<void> take_out(std::shared_ptr<Broker> store, std::string name) {
    std::vector<JobRef> refs{JobRef{std::string{queue}, name}};
    co_await store->cancel(std::move(refs));
}

awaitable<Clients::Entry> look(std::shared_ptr<Broker> store, std::string name) {
    auto const record = co_await read(std::move(store), std::move(name));
    Clients::Entry entry;
    if (!record) co_return entry;
    entry.standing = is_terminal(record->state) ? Clients::Standing::removed : Clients::Standing::registered;
    entry.enable_overdue = record->arguments == arguments_of(true);
    co_return entry;
}

}  // namespace

Clients::Clients(std::shared_ptr<Broker> store) : store_{std::move(store)} {
    auto const& can = store_->capabilities();
    if (can.status && can.cancel && can.forget) return;
    throw Error{errc::not_supported, std::string{store_->name()} +
                                         " keeps no records, so it cannot keep a list of clients; use " +
                                         "sqlite: or redis:// for that"};
}

awaitable<void> Clients::add(std::string name, bool enable_overdue) {
    check_job_id(name);
    return write(store_, std::move(name), enable_overdue);
}

awaitable<void> Clients::remove(std::string name) {
    check_job_id(name);
    return take_out(store_, std::move(name));
}

awaitable<Clients::Entry> Clients::find(std::string name) {
    check_job_id(name);
    return look(store_, std::move(name));
}

}  // namespace cohort::godx
