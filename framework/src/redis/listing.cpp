// SPDX-License-Identifier: MIT
// list and purge: they look at all jobs of a queue, slice by slice, in no order. A page is put in order here.
#include "redis/operators.hpp"
#include "redis/record.hpp"

#include <cohort/id.hpp>

#include <charconv>
#include <map>

namespace cohort::redis {
namespace {

constexpr char const* jobs_per_slice = "500";

std::uint64_t parse_cursor(std::string_view text) {
    std::uint64_t number = 0;
    auto const [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size())
        throw Error{errc::invalid_config, "\"" + std::string{text} + "\" is not the cursor of a page"};
    return number;
}

struct Found {
    std::map<std::uint64_t, std::string> ids;  // by number: the first ones
    bool more = false;                         // there are others behind them
};

struct Search {
    std::string queue;
    std::int64_t state = -1;  // -1: all
    std::string contains;
    std::uint64_t after = 0;
    std::size_t limit = 0;
};

// The first `limit` jobs behind a number, whatever order the server shows them in.
awaitable<Found> search(CorePtr core, Search const& what) {
    Found found;
    std::string cursor = "0";
    do {
        // What lies behind as many as are wanted, and one more, need not be sent.
        auto const before = found.ids.size() > what.limit ? found.ids.rbegin()->first : 0;
        Call call = whole_queue_call(*core, scan_script, what.queue,
                                     {cursor, jobs_per_slice, std::to_string(what.state), what.contains,
                                      std::to_string(what.after), std::to_string(before)});
        auto const outcome = co_await ask(core->commands(), core->config, std::move(call));
        View const slice = outcome.get();
        cursor = slice[0].text();
        for (std::size_t i = 1; i + 1 < slice.size(); i += 2) {
            found.ids.emplace(parse_cursor(slice[i].text()), slice[i + 1].text());
            if (found.ids.size() > what.limit + 1) found.ids.erase(std::prev(found.ids.end()));
        }
    } while (cursor != "0" && !cursor.empty());
    found.more = found.ids.size() > what.limit;
    if (found.more) found.ids.erase(std::prev(found.ids.end()));
    co_return found;
}

}  // namespace

awaitable<ListPage> list(CorePtr core, ListParams params) {
    check_queue_name(params.queue);
    if (params.limit < 1 || params.limit > 1000) {
        throw Error{errc::invalid_config,
                    "the limit of a page, " + std::to_string(params.limit) + ", is not in 1..1000"};
    }
    Search what;
    what.queue = params.queue;
    if (params.state) what.state = static_cast<std::int64_t>(*params.state);
    what.contains = params.contains;
    if (!params.after.empty()) what.after = parse_cursor(params.after);
    what.limit = params.limit;
    core->check_open();

    Found const found = co_await search(core, what);
    std::vector<JobRef> refs;
    for (auto const& [number, id] : found.ids)
        refs.push_back(JobRef{params.queue, id});
    auto records = co_await status(core, std::move(refs), Sight::stored);
    ListPage page;
    for (auto& record : records) {
        // Between the two readings it may have gone on, or away.
        bool const is_meant = record && (!params.state || record->state == *params.state);
        if (is_meant) page.jobs.push_back(std::move(*record));
    }
    if (found.more) page.next = std::to_string(found.ids.rbegin()->first);
    co_return page;
}

awaitable<std::uint64_t> purge(CorePtr core, std::string queue, std::vector<JobState> states) {
    check_queue_name(queue);
    core->check_open();
    std::string digits;
    for (JobState const state : states) {
        if (state != JobState::running) digits += std::to_string(static_cast<int>(state));
    }
    Search what;
    what.queue = queue;
    what.limit = most_per_call;
    std::uint64_t removed = 0;
    for (bool more = !digits.empty(); more;) {
        Found const found = co_await search(core, what);
        more = found.more;
        if (found.ids.empty()) break;
        what.after = found.ids.rbegin()->first;
        std::vector<std::string> arguments{digits};
        for (auto const& [number, id] : found.ids)
            arguments.push_back(id);
        Call call = whole_queue_call(*core, purge_script, queue, std::move(arguments));
        auto const outcome = co_await ask(core->commands(), core->config, std::move(call));
        removed += static_cast<std::uint64_t>(outcome.get().integer());
    }
    co_return removed;
}

}  // namespace cohort::redis
