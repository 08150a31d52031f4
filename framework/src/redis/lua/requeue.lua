-- SPDX-License-Identifier: MIT
-- T15; and the same for a job that is in no place any more, because somebody has damaged keys.
-- uses: time keys job
-- ARGV  4… ids
-- Gives for each 1 when it waits again.

-- Whether a job that waits would be found by a claim.
local function has_place(j, id)
  if j.state ~= QUEUED then return call('ZSCORE', K.due, id) end
  if call('ZSCORE', K.prio, place_of(j, id)) then return true end
  return #call('LPOS', K.list, id, 'COUNT', 0) > tonumber(call('HGET', K.ghosts, id) or 0)
end

-- What it counted for in a place that it leaves, if it still is there.
local function leave(place, bytes_field, id, record)
  if call('ZREM', place, id) == 1 then call('HINCRBY', K.meta, bytes_field, less(#record)) end
end

local function requeue(id)
  local record = call('HGET', K.jobs, id)
  local j = record and decode(record)
  if not j or call('HEXISTS', K.running, id) == 1 or call('HEXISTS', K.results, id) == 1 then return 0 end
  local is_dead = call('ZSCORE', K.dead, id)
  if not is_dead and not COUNTED[j.state] and has_place(j, id) then return 0 end
  -- The job's unique key may meanwhile be another one's.
  local holder = j.unique and call('HGET', K.unique, j.unique)
  if holder and holder ~= id then return 0 end
  if is_dead or COUNTED[j.state] then
    call('HINCRBY', K.meta, end_of(record), -1)
  elseif j.state == RETRYING then
    call('HINCRBY', K.meta, 'retrying', -1)
  end
  leave(K.dead, 'dead_bytes', id, record)
  leave(K.ended, 'ended_bytes', id, record)
  call('ZREM', K.expires, id)
  call('HDEL', K.cancels, id)
  j.state, j.generation = QUEUED, count(j.generation)
  j.attempt, j.failures, j.lost, j.released = 0, 0, 0, 0
  j.due, j.expires, j.started, j.finished = now, NEVER, 0, 0
  j.token, j.reason, j.error, j.note = '', NONE, nil, nil
  if j.unique then call('HSET', K.unique, j.unique, id) end
  put_waiting(j, id)
  return 1
end

local done = {}
for i = 4, #ARGV do done[#done + 1] = requeue(ARGV[i]) end
return done
