-- SPDX-License-Identifier: MIT
-- T2, T9, T10, T11, T14 and T16 for a queue, and the end of lives past their lease.
-- uses: time keys job tidying lives breaks
-- ARGV  4 at most so many of each kind  5 for how long the server has been there without a break, in microseconds
-- Gives {promoted, expired, recovered, died, forgotten, 1 when there is more}.
local limit = tonumber(ARGV[4])
notice_break(K.beats, K.lives, K.held, K.meta)
local late = call('ZRANGEBYSCORE', K.beats, '-inf', '(' .. exact(now), 'LIMIT', 0, limit)
local buried = 0
for _, incarnation in ipairs(late) do
  -- After a break that only the caller has seen, the others may be on their way back too.
  local life = call('HGET', K.lives, incarnation)
  local lease = life and unpack_from('<i8', life) or 0
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

-- T16: the record and the result in one step.
local old = call('ZRANGEBYSCORE', K.ended, '-inf', exact(now), 'LIMIT', 0, limit)
if #old > 0 then
  call_all('ZREM', K.ended, old)
  call_all('HDEL', K.jobs, old)
  call_all('HDEL', K.results, old)
end
local forgotten = #old
if forgotten < limit then
  local dead = call('ZRANGEBYSCORE', K.dead, '-inf', exact(now), 'LIMIT', 0, limit - forgotten)
  for _, id in ipairs(dead) do
    local record = call('HGET', K.jobs, id)
    call('ZREM', K.dead, id)
    call('HDEL', K.jobs, id)
    if record and COUNTED[record:byte(2)] then call('HINCRBY', K.meta, COUNTED[record:byte(2)], -1) end
  end
  forgotten = forgotten + #dead
end
tell_all()
local is_bounded = buried == limit or expired == limit or promoted == limit or more or forgotten == limit
return {promoted, expired, recovered, died, forgotten, is_bounded and 1 or 0}
