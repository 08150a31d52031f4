-- SPDX-License-Identifier: MIT
-- A job's record and its places: what the rarer transitions share. The layout is told in docs/brokers/redis.md;
-- record.cpp is its twin, and what the transitions do to a record is base/state.cpp's.
-- Expects time.lua and keys.lua.
local SCHEDULED, QUEUED, RUNNING, RETRYING, SUCCEEDED, FAILED, CANCELLED, EXPIRED = 0, 1, 2, 3, 4, 5, 6, 7
local NONE, EXCEPTION, TIMEOUT, WORKER_LOST, CORRUPT_STATE = 0, 1, 2, 3, 7

-- A text behind its length, which is written in the form `size`; and where it ends.
local function text_at(record, size, at)
  local length, from = unpack_from(size, record, at)
  return record:sub(from, from + length - 1), from + length
end

-- Raises an error where the bytes make no sense.
local function parse(record)
  local j, at = {}, 35
  local flags
  j.version, j.state, j.reason, j.expires, j.priority, j.batch, j.created, j.due, flags =
    unpack_from('<BBBi8bI5i8i8B', record)
  if flags % 2 >= 1 then
    j.attempt, j.failures, j.lost, j.released, j.generation, j.started, j.finished, at =
      unpack_from('<I4I4I4I4I4i8i8', record, at)
    j.token, at = text_at(record, 'B', at)
  else
    j.attempt, j.failures, j.lost, j.released, j.generation, j.started, j.finished, j.token = 0, 0, 0, 0, 0, 0, 0, ''
  end
  if flags % 4 >= 2 then j.error, at = text_at(record, '<I4', at) end
  if flags % 8 >= 4 then j.note, at = text_at(record, '<I4', at) end
  -- What never changes.
  j.spec_flags = flags - flags % 8
  j.spec = record:sub(at)
  j.max_retries, j.max_lost, j.keep_result, j.keep_error = 0, 3, 86400000000, 1209600000000
  if flags % 16 >= 8 then
    j.max_retries, j.max_lost, j.keep_result, j.keep_error = unpack_from('<I4I4i8i8', record, at)
    at = at + 57
  end
  j.client, at = text_at(record, 'B', at)
  if flags % 32 >= 16 then j.unique, at = text_at(record, '<I4', at) end
  local _
  _, at = text_at(record, '<I2', at + 4)
  j.name, at = text_at(record, 'B', at)
  j.arguments_at = at
  if j.version ~= 1 or j.state > EXPIRED or j.reason > CORRUPT_STATE or at > #record - 1 then error('unreadable') end
  return j
end
-- nil for a record that cannot be read, because somebody has damaged it or a later version has written it: what was begun
-- for other jobs goes on.
local function decode(record)
  local is_sound, j = pcall(parse, record)
  return is_sound and j or nil
end

local function encode(j)
  local flags, parts = j.spec_flags, {}
  if j.attempt > 0 or j.generation > 0 or j.finished ~= 0 or j.token ~= '' then
    flags = flags + 1
    parts[#parts + 1] = pack('<I4I4I4I4I4i8i8B', j.attempt, j.failures, j.lost, j.released, j.generation, j.started,
                             j.finished, #j.token) .. j.token
  end
  if j.error then flags = flags + 2; parts[#parts + 1] = pack('<I4', #j.error) .. j.error end
  if j.note then flags = flags + 4; parts[#parts + 1] = pack('<I4', #j.note) .. j.note end
  parts[#parts + 1] = j.spec
  return pack('<BBBi8bI5i8i8B', j.version, j.state, j.reason, j.expires, j.priority, j.batch, j.created, j.due,
              flags) .. table.concat(parts)
end

-- Counters stop at their end.
local function count(value) return math.min(value + 1, 4294967295) end
local function later(span) return math.min(now + math.max(span, 0), NEVER) end
-- A number as a command wants it: Lua's own form of large ones loses digits.
local function exact(number) return string.format('%.0f', number) end
local function text_or_nil(text) return text ~= '' and text or nil end

-- A run that somebody has cut short is nobody's.
local SHORTEST_RUN = 22
local function token_of(run) return run:sub(23, 22 + (run:byte(22) or 0)) end
-- What a claim added: it is in :running as long as the job is there.
local function begin(j, run)
  if #run >= SHORTEST_RUN then j.started, j.cancel, j.attempt = unpack_from('<i8BI4', run) end
  j.token = token_of(run)
  j.state = RUNNING
  j.expires = NEVER
  j.finished = 0
end

-- What is taken from a count: the minus of nothing would be no number for a command.
local function less(n) return 0 - n end

-- The claim has counted the record, if it was to be kept after a success.
local function is_counted(run) return #run >= SHORTEST_RUN and unpack_from('<i8', run, 14) > 0 end
local function leave_running(id, run, record)
  call('HDEL', K.running, id)
  if run:byte(9) == 1 then call('HDEL', K.cancels, id) end
  call('HINCRBY', K.held, token_of(run):sub(9), -1)
  if record and is_counted(run) then call('HINCRBY', K.meta, 'ended_bytes', less(#record)) end
end

-- The order of jobs of one priority: by due time, then as they were stored.
local function place_of(j, id)
  return pack('>I8I5', math.max(j.due, 0), j.batch) .. j.spec:sub(-2) .. id
end

-- One marker in :wake wakes one worker.
local function wake_one()
  if call('LLEN', K.wake) == 0 then call('RPUSH', K.wake, '1') end
end

local function put_waiting(j, id)
  if j.state == QUEUED then
    call('ZADD', K.prio, -j.priority, place_of(j, id))
  else
    call('ZADD', K.due, exact(j.due), id)
    if j.state == RETRYING then call('HINCRBY', K.meta, 'retrying', 1) end
  end
  call('HSET', K.jobs, id, encode(j))
  wake_one()
end

-- How often each id is in :list as itself; false where each queued job has its place. That is so where there are as many
-- entries as jobs for them, and else somebody has damaged keys: only then the whole list is looked at.
local function count_listed()
  local entries = call('LLEN', K.list) - (call('HGET', K.meta, 'ghosts') or 0)
  local others = call('ZCARD', K.prio) + call('ZCARD', K.due) + call('HLEN', K.running) + call('ZCARD', K.ended) +
                 call('ZCARD', K.dead)
  if call('HLEN', K.jobs) - others == entries then return false end
  local counts = {}
  for _, id in ipairs(call('LRANGE', K.list, 0, -1)) do counts[id] = (counts[id] or 0) + 1 end
  local ghosts = call('HGETALL', K.ghosts)
  for i = 1, #ghosts, 2 do counts[ghosts[i]] = (counts[ghosts[i]] or 0) - ghosts[i + 1] end
  return counts
end

local listed  -- what count_listed() gave; once for a script
local function take_out_waiting(j, id)
  if j.state == QUEUED then
    -- Not in :prio means in :list, where it stays as a ghost until a claim meets it; or it has no place.
    if call('ZREM', K.prio, place_of(j, id)) == 0 then
      if listed == nil then listed = count_listed() end
      if not listed or (listed[id] or 0) > 0 then
        if listed then listed[id] = listed[id] - 1 end
        call('HINCRBY', K.ghosts, id, 1)
        call('HINCRBY', K.meta, 'ghosts', 1)
      end
    end
  else
    call('ZREM', K.due, id)
    if j.state == RETRYING then call('HINCRBY', K.meta, 'retrying', -1) end
  end
  if j.expires < NEVER then call('ZREM', K.expires, id) end
end

-- What ended, for the clients: one message for each. Long texts are to be read.
local told = {}
local function tell(client, id, state, reason, attempt, text)
  if client == '' then return end
  if not told[client] then told[client] = {pack('B', #K.queue), K.queue} end
  local parts, is_long = told[client], not text or #text > 8192
  parts[#parts + 1] = pack('<BBBI4I4', #id, state, reason, attempt, is_long and 4294967295 or #text)
  parts[#parts + 1] = id
  parts[#parts + 1] = is_long and '' or text
end
local function tell_all()
  for client, parts in pairs(told) do call('PUBLISH', K.channel .. client, table.concat(parts)) end
end

local COUNTED = {[FAILED] = 'failed', [CANCELLED] = 'cancelled', [EXPIRED] = 'expired'}
-- As what a job of :dead is counted.
local function end_of(record) return COUNTED[record:byte(2)] or 'failed' end

-- What a job that has ended counts for, in :meta: its record, and its result.
local function weight(id) return call('HSTRLEN', K.jobs, id) + call('HSTRLEN', K.results, id) end

-- The end of a job that did not succeed, and has left its place.
local function finish(j, id, state)
  j.state = state
  j.finished = now
  if j.unique then call('HDEL', K.unique, j.unique) end
  if j.keep_error <= 0 then
    call('HDEL', K.jobs, id)
  else
    local record = encode(j)
    call('HSET', K.jobs, id, record)
    call('ZADD', K.dead, exact(later(j.keep_error)), id)
    call('HINCRBY', K.meta, COUNTED[state], 1)
    call('HINCRBY', K.meta, 'dead_bytes', #record)
  end
  tell(j.client, id, state, j.reason, j.attempt, j.error or '')
end

-- The end of a job whose record cannot be read, and which has left its place. The bytes stay as they are: there may be a
-- program that can read them.
local function set_apart(id, record)
  call('ZREM', K.expires, id)
  call('ZADD', K.dead, exact(later(1209600000000)), id)
  call('HINCRBY', K.meta, end_of(record), 1)
  call('HINCRBY', K.meta, 'dead_bytes', #record)
end

-- T16. The job has ended.
local function forget(id)
  local record, bytes = call('HGET', K.jobs, id), weight(id)
  if call('ZREM', K.dead, id) == 1 then
    if record then call('HINCRBY', K.meta, end_of(record), -1) end
    call('HINCRBY', K.meta, 'dead_bytes', less(bytes))
  end
  if call('ZREM', K.ended, id) == 1 then call('HINCRBY', K.meta, 'ended_bytes', less(bytes)) end
  call('HDEL', K.results, id)
  call('HDEL', K.jobs, id)
end

-- T8, and T11 where its cancellation was requested.
local function release(j, id, delay)
  j.released = count(j.released)
  if j.cancel == 1 then return finish(j, id, CANCELLED) end
  j.state = QUEUED
  if delay > 0 then
    j.state = SCHEDULED
    j.due = later(delay)
  end
  put_waiting(j, id)
end
