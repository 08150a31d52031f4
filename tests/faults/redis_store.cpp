// SPDX-License-Identifier: MIT
#include "faults/redis_store.hpp"

#include <cohort/open.hpp>

#include <algorithm>
#include <hiredis/hiredis.h>
#include <iostream>
#include <stdexcept>

namespace faults {

namespace {

// Gives for each job: id, state, attempt, failures, lost, released, reason, max_retries, max_lost, number of
// its claim, incarnation, result, error.
constexpr char const* read_script = R"lua(
local base = ARGV[1]
local all = redis.call('HGETALL', base .. 'jobs')
local out = {}
local function add(value) out[#out + 1] = tostring(value) end
for i = 1, #all, 2 do
  local id, record = all[i], all[i + 1]
  local state, reason = struct.unpack('<xBB', record)
  local flags = record:byte(34)
  local at = 35
  local attempt, failures, lost, released, token, error_text = 0, 0, 0, 0, '', ''
  if flags % 2 >= 1 then
    attempt, failures, lost, released = struct.unpack('<I4I4I4I4', record, at)
    local length = record:byte(at + 36)
    token = record:sub(at + 37, at + 36 + length)
    at = at + 37 + length
  end
  if flags % 4 >= 2 then
    local length = struct.unpack('<I4', record, at)
    error_text = record:sub(at + 4, at + 3 + length)
    at = at + 4 + length
  end
  if flags % 8 >= 4 then at = at + 4 + struct.unpack('<I4', record, at) end
  local retries, most_lost = 0, 3
  if flags % 16 >= 8 then retries, most_lost = struct.unpack('<I4I4', record, at) end
  local result = ''
  local run = redis.call('HGET', base .. 'running', id)
  local done = redis.call('HGET', base .. 'results', id)
  if run then
    state = 2
    attempt = struct.unpack('<I4', run, 10)
    token = run:sub(23, 22 + run:byte(22))
  elseif done then
    state = 4
    attempt = struct.unpack('<I4', done, 9)
    local length = done:byte(21)
    token = done:sub(22, 21 + length)
    result = done:sub(22 + length)
  end
  local number, incarnation = '', ''
  if token ~= '' then
    number = string.format('%.0f', struct.unpack('<I8', token))
    incarnation = token:sub(9)
  end
  for _, value in ipairs({id, state, attempt, failures, lost, released, reason, retries, most_lost, number,
                          incarnation, result, error_text}) do add(value) end
end
return out
)lua";

constexpr std::size_t columns = 13;

constexpr char const* unfinished_script = R"lua(
local base = ARGV[1]
local ended = redis.call('ZCARD', base .. 'ended') + redis.call('ZCARD', base .. 'dead')
return {tostring(redis.call('HLEN', base .. 'jobs') - ended + redis.call('LLEN', base .. 'in'))}
)lua";

constexpr char const* dump_script = R"lua(
local base = ARGV[1]
local out = {}
for _, key in ipairs({'jobs', 'running', 'results', 'unique', 'ghosts'}) do
  local all, rows = redis.call('HGETALL', base .. key), {}
  for i = 1, #all, 2 do rows[#rows + 1] = key .. '|' .. all[i] .. '|' .. all[i + 1] end
  table.sort(rows)
  for _, row in ipairs(rows) do out[#out + 1] = row end
end
for _, key in ipairs({'prio', 'due', 'ended', 'dead'}) do
  local all = redis.call('ZRANGE', base .. key, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do out[#out + 1] = key .. '|' .. all[i] .. '|' .. all[i + 1] end
end
for _, id in ipairs(redis.call('LRANGE', base .. 'list', 0, -1)) do out[#out + 1] = 'list|' .. id end
return out
)lua";

// Every job is in one place, and every place has a job.
constexpr char const* damage_script = R"lua(
local base = ARGV[1]
local places, out = {}, {}
local function note(id) places[id] = (places[id] or 0) + 1 end
for _, id in ipairs(redis.call('LRANGE', base .. 'list', 0, -1)) do note(id) end
for _, place in ipairs(redis.call('ZRANGE', base .. 'prio', 0, -1)) do note(place:sub(16)) end
for _, id in ipairs(redis.call('HKEYS', base .. 'running')) do note(id) end
for _, key in ipairs({'due', 'ended', 'dead'}) do
  for _, id in ipairs(redis.call('ZRANGE', base .. key, 0, -1)) do note(id) end
end
local ghosts = redis.call('HGETALL', base .. 'ghosts')
for i = 1, #ghosts, 2 do
  places[ghosts[i]] = (places[ghosts[i]] or 0) - ghosts[i + 1]
  if places[ghosts[i]] == 0 then places[ghosts[i]] = nil end
end
for _, id in ipairs(redis.call('HKEYS', base .. 'jobs')) do
  if places[id] ~= 1 then out[#out + 1] = id .. ' is in ' .. (places[id] or 0) .. ' places' end
  places[id] = nil
end
for id in pairs(places) do out[#out + 1] = id .. ' is in a place and nowhere known' end
for _, id in ipairs(redis.call('HKEYS', base .. 'results')) do
  if not redis.call('ZSCORE', base .. 'ended', id) then out[#out + 1] = id .. ' has a result and has not ended' end
end
return out
)lua";

struct Free {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
    void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};

bool add_redis() {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed, so nothing is done to one\n";
        return false;
    }
    static AddBackend const added_backend{"redis", [](StoreParams const& params) -> std::unique_ptr<Store> {
                                              return std::make_unique<RedisStore>(params);
                                          }};
    return true;
}

[[maybe_unused]] bool const added_redis = add_redis();

}  // namespace

// It writes to its disk, so that it may die too.
RedisStore::RedisStore(StoreParams const& params, std::string space)
    : folder_{params.folder}, ledger_{params.ledger}, base_{"cohort:{" + std::move(space) + ":default}:"},
      server_{{"--appendonly", "yes", "--bind", "127.0.0.1", "--port", std::to_string(port_)}} {}

std::string RedisStore::url() const {
    if (!url_.empty()) return url_;
    std::string const known = password_.empty() ? "" : "//:" + password_ + "@";
    return "redis+unix:" + known + server_.socket() + "?poll=1s&timeout=2s" +
           (parameters.empty() ? "" : "&" + parameters);
}

std::shared_ptr<cohort::Broker> RedisStore::open() {
    return cohort::open_broker(url());
}

std::unique_ptr<Hand> RedisStore::start_worker(WorkerSetup const& setup) {
    return start_process(setup, url(), ledger_, folder_ + "/" + setup.name + ".log");
}

std::vector<std::string> RedisStore::ask(std::vector<std::string> const& words) {
    std::unique_ptr<redisContext, Free> const context{redisConnectUnix(server_.socket().c_str())};
    std::vector<char const*> texts;
    std::vector<std::size_t> lengths;
    for (auto const& word : words) {
        texts.push_back(word.data());
        lengths.push_back(word.size());
    }
    if (context->err == 0 && !password_.empty()) {
        std::unique_ptr<redisReply, Free> const ignored{
            static_cast<redisReply*>(redisCommand(context.get(), "AUTH %s", password_.c_str()))};
    }
    if (context->err != 0) throw std::runtime_error{context->errstr};
    std::unique_ptr<redisReply, Free> const reply{static_cast<redisReply*>(
        redisCommandArgv(context.get(), static_cast<int>(words.size()), texts.data(), lengths.data()))};
    if (!reply) throw std::runtime_error{"the server does not answer"};
    if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error{reply->str};
    if (reply->type == REDIS_REPLY_INTEGER) return {std::to_string(reply->integer)};
    std::vector<std::string> all;
    for (std::size_t i = 0; i < reply->elements; ++i)
        all.emplace_back(reply->element[i]->str, reply->element[i]->len);
    return all;
}

std::vector<std::string> RedisStore::run(char const* script) {
    return ask({"EVAL", script, "0", base_});
}

std::vector<StoredJob> RedisStore::read() {
    auto const cells = run(read_script);
    std::vector<StoredJob> jobs;
    for (std::size_t at = 0; at + columns <= cells.size(); at += columns) {
        auto const number = [&](std::size_t column) {
            return static_cast<std::uint32_t>(std::stoul(cells[at + column]));
        };
        StoredJob job;
        job.id = cells[at];
        job.state = static_cast<cohort::JobState>(number(1));
        job.counters = {number(2), number(3), number(4), number(5)};
        job.reason = static_cast<cohort::FailReason>(number(6));
        job.max_retries = number(7);
        job.max_lost = number(8);
        if (!cells[at + 10].empty()) job.token = cells[at + 10] + ":" + cells[at + 9];
        job.result = cells[at + 11];
        job.error = cells[at + 12];
        jobs.push_back(std::move(job));
    }
    std::sort(jobs.begin(), jobs.end(), [](auto const& a, auto const& b) { return a.id < b.id; });
    return jobs;
}

std::size_t RedisStore::unfinished() {
    return std::stoul(run(unfinished_script).at(0));
}

std::size_t RedisStore::enlisted() {
    return std::stoul(ask({"ZCARD", base_ + "beats"}).at(0));
}

std::string RedisStore::dump() {
    std::string all;
    for (auto const& line : run(dump_script))
        all += line + '\n';
    return all;
}

std::vector<std::string> RedisStore::damage() {
    return run(damage_script);
}

}  // namespace faults
