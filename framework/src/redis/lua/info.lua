-- SPDX-License-Identifier: MIT
-- What a queue holds.
-- uses: time keys job
-- Gives {counts by state, paused, greatest length, for how long the oldest queued job has been due or -1}.
local meta = call('HMGET', K.meta, 'ghosts', 'retrying', 'failed', 'cancelled', 'expired', 'paused', 'max')
for i = 1, 5 do meta[i] = tonumber(meta[i] or 0) end
-- Those whose retention has ended are not counted, though upkeep has not come round to them yet. There are many only
-- where no worker has been for long, and then it is enough to know that.
local place = {[FAILED] = 3, [CANCELLED] = 4, [EXPIRED] = 5}
for _, id in ipairs(call('ZRANGEBYSCORE', K.dead, '-inf', exact(now), 'LIMIT', 0, 10000)) do
  local record = call('HGET', K.jobs, id)
  local at = record and (place[record:byte(2)] or place[FAILED])
  if at then meta[at] = meta[at] - 1 end
end
local queued = call('LLEN', K.list) - meta[1] + call('ZCARD', K.prio)

local oldest = NEVER
local function look(id)
  local record = call('HGET', K.jobs, id)
  local j = record and decode(record)
  if j then oldest = math.min(oldest, j.due) end
end
-- The first of the list that is no ghost, and the first of each priority, which is the oldest of it.
for at = 0, 999 do
  local id = call('LINDEX', K.list, at)
  if not id then break end
  if call('HEXISTS', K.ghosts, id) == 0 then
    look(id)
    break
  end
end
local first = call('ZRANGE', K.prio, 0, 0, 'WITHSCORES')
while first[1] do
  look(first[1]:sub(16))
  first = call('ZRANGEBYSCORE', K.prio, '(' .. first[2], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
end
return {{call('ZCARD', K.due) - meta[2], queued, call('HLEN', K.running), meta[2], call('ZCOUNT', K.ended, '(' .. exact(now), '+inf'), meta[3],
         meta[4], meta[5]}, meta[6] and 1 or 0, tonumber(meta[7] or 0), oldest < NEVER and math.max(now - oldest, 0) or -1}
