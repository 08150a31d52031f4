-- SPDX-License-Identifier: MIT
-- T2, T9, T10, T11, T14 and T16 for a queue, and the end of lives past their lease.
-- uses: time keys job tidying lives breaks
-- ARGV  4 at most so many of each kind  5 for how long the server has been there without a break, in microseconds
--       6 of :ended, and of :dead, so many jobs are kept, and  7 so many bytes
-- Gives {promoted, expired, recovered, died, forgotten, 1 when there is more}.
local limit = tonumber(ARGV[4])
notice_break(K.beats, K.lives, K.held, K.meta)
local late = call('ZRANGEBYSCORE', K.beats, '-inf', '(' .. exact(now), 'LIMIT', 0, limit)
local buried = 0
for _, incarnation in ipairs(late) do
  -- After a break that only the caller has seen, the others may be on their way back too.
  local life = call('HGET', K.lives, incarnation)
  local lease = life and #life >= 8 and unpack_from('<i8', life) or 0
  if tonumber(ARGV[5]) >= lease / 3 then
    end_life(incarnation, 'lost')
    buried = buried + 1
  end
end

local beating = call('ZCARD', K.beats)
if beating == 0 or beating ~= call('HLEN', K.lives) then end_strays() end

local expired = expire_late(limit)
local promoted = promote(limit)
local recovered, died, more = drain(limit)

-- T16 for jobs of :ended or :dead: the record and the result in one step. First what frees memory.
local function forget_all(place, bytes_field, ids)
  local bytes, states = 0, {}
  for _, id in ipairs(ids) do
    bytes = bytes + weight(id)
    local record = place == K.dead and call('HGET', K.jobs, id)
    local state = record and end_of(record)
    if state then states[state] = (states[state] or 0) + 1 end
  end
  call_all('ZREM', place, ids)
  call_all('HDEL', K.jobs, ids)
  call_all('HDEL', K.results, ids)
  for state, n in pairs(states) do call('HINCRBY', K.meta, state, -n) end
  if bytes > 0 then call('HINCRBY', K.meta, bytes_field, -bytes) end
end

-- The next that would be forgotten, as long as there are more than are to be kept.
local function surplus(place, bytes_field, most)
  local jobs, bytes = call('ZCARD', place), tonumber(call('HGET', K.meta, bytes_field) or 0)
  local over, over_bytes = jobs - ARGV[6], bytes - ARGV[7]
  if place == K.ended and (over_bytes > 0 or jobs == 0) then
    -- What runs has been counted already.
    local all = call('HGETALL', K.running)
    for i = 1, #all, 2 do
      if is_counted(all[i + 1]) then bytes = bytes - call('HSTRLEN', K.jobs, all[i]) end
    end
    over_bytes = bytes - ARGV[7]
  end
  -- Somebody has deleted keys.
  if jobs == 0 and bytes ~= 0 then call('HINCRBY', K.meta, bytes_field, -bytes) end
  local ids = {}
  if most == 0 or over <= 0 and over_bytes <= 0 then return ids end
  for _, id in ipairs(call('ZRANGE', place, 0, most - 1)) do
    if over <= 0 and over_bytes <= 0 then break end
    over, over_bytes = over - 1, over_bytes - weight(id)
    ids[#ids + 1] = id
  end
  return ids
end

local forgotten = 0
for _, kept in ipairs({{K.ended, 'ended_bytes'}, {K.dead, 'dead_bytes'}}) do
  local place, bytes_field, old = kept[1], kept[2], {}
  if forgotten < limit then
    old = call('ZRANGEBYSCORE', place, '-inf', exact(now), 'LIMIT', 0, limit - forgotten)
  end
  forget_all(place, bytes_field, old)
  forgotten = forgotten + #old
  local rest = surplus(place, bytes_field, limit - forgotten)
  forget_all(place, bytes_field, rest)
  forgotten = forgotten + #rest
end
tell_all()
local is_bounded = buried == limit or expired == limit or promoted == limit or more or forgotten == limit
return {promoted, expired, recovered, died, forgotten, is_bounded and 1 or 0}
