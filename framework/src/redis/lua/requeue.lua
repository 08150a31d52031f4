-- SPDX-License-Identifier: MIT
-- T15.
-- uses: time keys job
-- ARGV  4… ids
-- Gives for each 1 when it waits again.
local function requeue(id)
  local record = call('HGET', K.jobs, id)
  if not record then return 0 end
  local j = decode(record)
  if not COUNTED[j.state] or call('HEXISTS', K.running, id) == 1 then return 0 end
  -- The job's unique key may meanwhile be another one's.
  if j.unique and call('HEXISTS', K.unique, j.unique) == 1 then return 0 end
  call('ZREM', K.dead, id)
  call('HINCRBY', K.meta, 'dead_bytes', -#record)
  call('HINCRBY', K.meta, COUNTED[j.state], -1)
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
