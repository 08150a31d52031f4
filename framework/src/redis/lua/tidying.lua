-- SPDX-License-Identifier: MIT
-- What time does to jobs that wait. Expects job.lua.

-- T14, for at most so many. Says of how many.
local function expire_late(limit)
  local ids = call('ZRANGEBYSCORE', K.expires, '-inf', '(' .. exact(now), 'LIMIT', 0, limit)
  for _, id in ipairs(ids) do
    local record = call('HGET', K.jobs, id)
    call('ZREM', K.expires, id)
    local j = record and decode(record)
    if j then
      take_out_waiting(j, id)
      finish(j, id, EXPIRED)
    end
  end
  return #ids
end

-- T2, likewise.
local function promote(limit)
  local ids = call('ZRANGEBYSCORE', K.due, '-inf', exact(now), 'LIMIT', 0, limit)
  for _, id in ipairs(ids) do
    local record = call('HGET', K.jobs, id)
    local j = record and decode(record)
    call('ZREM', K.due, id)
    if j then
      if j.state == RETRYING then call('HINCRBY', K.meta, 'retrying', -1) end
      j.state = QUEUED
      put_waiting(j, id)
    elseif record then
      set_apart(id, record)
    end
  end
  return #ids
end
