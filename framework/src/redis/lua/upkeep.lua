-- SPDX-License-Identifier: MIT
-- T2, T9, T10, T11, T14 and T16 for a queue, and the end of lives past their lease.
-- uses: time keys job tidying lives
-- ARGV  4 at most so many of each kind
-- Gives {promoted, expired, recovered, died, forgotten, 1 when there is more}.
local limit = tonumber(ARGV[4])
local late = call('ZRANGEBYSCORE', K.beats, '-inf', '(' .. exact(now), 'LIMIT', 0, limit)
for _, incarnation in ipairs(late) do end_life(incarnation, 'lost') end

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
local is_bounded = #late == limit or expired == limit or promoted == limit or more or forgotten == limit
return {promoted, expired, recovered, died, forgotten, is_bounded and 1 or 0}
