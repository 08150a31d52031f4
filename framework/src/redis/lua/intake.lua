-- SPDX-License-Identifier: MIT
-- T1 for envelopes that another program has left in :in. Each is moved in one step, from the head on, as long as they
-- are those that were read; who comes later finds the rest.
-- uses: time keys job
-- ARGV  4… for each: its text, id, record from its flags on, options as push.lua has them, "" or why it is no job
-- Gives how many were taken.
local BAD_PAYLOAD = 5
local taken, batch = 0, nil

local function is_full()
  local meta = call('HMGET', K.meta, 'max', 'ghosts')
  if not meta[1] then return false end
  local waiting = call('LLEN', K.list) - (meta[2] or 0) + call('ZCARD', K.prio) + call('ZCARD', K.due)
  return waiting >= tonumber(meta[1])
end

local function take(id, tail, options, fault)
  if call('HEXISTS', K.jobs, id) == 1 then return end  -- the same once more
  batch = batch or call('HINCRBY', K.meta, 'batch', 1)
  local priority, delay, eta, expiry, due, expires = 0, 0, -1, -1, now, NEVER
  if options ~= '' then priority, delay, eta, expiry = unpack_from('<bi8i8i8', options) end
  if delay > 0 then due = later(delay) end
  if expiry >= 0 then expires = later(expiry) end
  local state = due > now and SCHEDULED or QUEUED
  local j = decode(pack('<BBBi8bI5i8i8', 1, state, 0, expires, priority, batch, now, due) .. tail)
  if fault ~= '' then
    j.reason = BAD_PAYLOAD
    j.error = fault
    return finish(j, id, FAILED)
  end
  if j.unique then
    if call('HEXISTS', K.unique, j.unique) == 1 then return end
    call('HSET', K.unique, j.unique, id)
  end
  if expires < NEVER then call('ZADD', K.expires, exact(expires), id) end
  put_waiting(j, id)
end

for i = 4, #ARGV, 5 do
  if call('LINDEX', K.inbox, 0) ~= ARGV[i] or is_full() then break end
  call('LPOP', K.inbox)
  take(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
  taken = taken + 1
end
tell_all()
return taken
