// SPDX-License-Identifier: MIT
#include "redis/raw_worker.hpp"

#include "support/parts.hpp"

#include <atomic>
#include <hiredis/hiredis.h>
#include <thread>

namespace bench::raw {

namespace {

constexpr std::string_view store_and_take = R"lua(
for i = 3, #ARGV do
  redis.call('SET', 'r:' .. string.sub(ARGV[i], 1, 26), ARGV[i], 'PX', 86400000)
end
if ARGV[2] == '1' and #ARGV > 2 then redis.call('RPUSH', 'done', unpack(ARGV, 3)) end
return redis.call('LPOP', 'jobs', ARGV[1])
)lua";

void serve(Case const& what, std::atomic<bool> const& stopping) {
    Link link{what};
    Turns turns{link, what.batch, true};
    while (!stopping) {
        if (turns.turn() || turns.has_results()) continue;
        auto const woken = link.ask({"BLPOP", "jobs", "1"});
        if (woken->type == REDIS_REPLY_ARRAY) turns.run({woken->element[1]->str, woken->element[1]->len});
    }
}

void work_until_stopped(Case const& what) {
    std::atomic<bool> stopping = false;
    std::thread thread{[&] { serve(what, stopping); }};
    say("ready");
    answer_until_stop();
    stopping = true;
    thread.join();
}

Part const part{redis_worker_part, work_until_stopped};

}  // namespace

Turns::Turns(Link& link, std::uint32_t batch, bool tells)
    : link_{link}, script_{link.load(store_and_take)}, batch_{std::to_string(batch)},
      tells_{tells ? "1" : "0"} {}

bool Turns::turn() {
    Link::Words words{"EVALSHA", script_, "0", batch_, tells_};
    words.insert(words.end(), results_.begin(), results_.end());
    auto const taken = link_.ask(words);
    results_.clear();
    if (taken->type != REDIS_REPLY_ARRAY) return false;
    for (std::size_t i = 0; i < taken->elements; ++i)
        run({taken->element[i]->str, taken->element[i]->len});
    return true;
}

}  // namespace bench::raw
