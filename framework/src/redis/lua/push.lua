-- SPDX-License-Identifier: MIT
-- T1: stores new jobs, in their order. Atomic per job: every check comes before the first write.
-- uses: time
-- KEYS  1 jobs  2 list  3 prio  4 due  5 expires  6 unique  7 meta  8 wake  9 ended  10 dead  11 results
-- ARGV  1 time of a test
--       2 how many arguments each job has: 2 when all are plain, else 3
--       then for each job: id, record from its byte 34, the flags, on, and where it has 3
--         <b priority> <i8 delay> <i8 eta> <i8 span until it expires> <key>; spans below 0 and NEVER mean none
--       No id comes twice. A plain job is due at once, of priority 0, without expiry and unique key.
-- Gives 0 when all are stored, or 1 when they are the first of the queue, whose name may be missing in the set of all
--       queues then; else for each job 0 stored, 1 the id is another job's, 2 the queue is full, 3 this same job had been
--       stored before, or the id of the job that holds its unique key, and behind them 1 for the first of the queue.
local width = tonumber(ARGV[2])
local n = (#ARGV - 2) / width
local ids = {}
for i = 1, n do ids[i] = ARGV[3 + (i - 1) * width] end

local known = call('HMGET', KEYS[1], unpack(ids))
local meta = call('HMGET', KEYS[7], 'max', 'ghosts')
local room = n
if meta[1] then
  local waiting = call('LLEN', KEYS[2]) - (meta[2] or 0) + call('ZCARD', KEYS[3]) + call('ZCARD', KEYS[4])
  room = math.max(0, meta[1] - waiting)
end

-- The name and the arguments of a record, or of what comes of it here, whose byte 34, the flags, is at `at`.
local function contents(record, at)
  local flags = record:byte(at)
  at = at + 1
  if flags % 2 >= 1 then at = at + 37 + record:byte(at + 36) end
  if flags % 4 >= 2 then at = at + 4 + unpack_from('<I4', record, at) end
  if flags % 8 >= 4 then at = at + 4 + unpack_from('<I4', record, at) end
  if flags % 16 >= 8 then at = at + 57 end
  at = at + 1 + record:byte(at)
  if flags % 32 >= 16 then at = at + 4 + unpack_from('<I4', record, at) end
  at = at + 6 + unpack_from('<I2', record, at + 4)
  return record:sub(at, -3)
end

local batch = call('HINCRBY', KEYS[7], 'batch', 1)
local head = pack('<BBBi8bI5i8i8', 1, 1, 0, NEVER, 0, batch, now, now)
local records, listed, verdicts = {}, {}, nil
local n_records, n_listed = 0, 0  -- counted, since # takes a search
local dues, prios, expiries, holders = {}, {}, {}, {}
local earliest = NEVER

local function refuse(i, verdict)
  if not verdicts then
    verdicts = {}
    for k = 1, n do verdicts[k] = 0 end
  end
  verdicts[i] = verdict
end

-- Upkeep has not come by yet, and the id is wanted.
local COUNTED = {[5] = 'failed', [6] = 'cancelled', [7] = 'expired'}
local function forget_past(id, record)
  local bytes = #record + call('HSTRLEN', KEYS[11], id)
  if call('ZREM', KEYS[10], id) == 1 then
    call('HINCRBY', KEYS[7], COUNTED[record:byte(2)] or 'failed', -1)
    call('HINCRBY', KEYS[7], 'dead_bytes', 0 - bytes)
  end
  if call('ZREM', KEYS[9], id) == 1 then call('HINCRBY', KEYS[7], 'ended_bytes', 0 - bytes) end
  call('HDEL', KEYS[11], id)
  call('HDEL', KEYS[1], id)
end

local function add_special(i, id, tail, options)
  local priority, delay, eta, expiry, at = unpack_from('<bi8i8i8', options)
  local key = options:sub(at)
  if key ~= '' then
    local holder = holders[key] or call('HGET', KEYS[6], key)
    if holder then return refuse(i, holder) end
  end
  if room == 0 then return refuse(i, 2) end
  room = room - 1
  if key ~= '' then holders[key] = id end
  local due = now
  if eta <= NEVER then due = eta elseif delay > 0 then due = math.min(now + delay, NEVER) end
  local expires = NEVER
  if expiry >= 0 then expires = math.min(now + expiry, NEVER) end
  local state = due > now and 0 or 1
  records[n_records + 1] = id
  records[n_records + 2] = pack('<BBBi8bI5i8i8', 1, state, 0, expires, priority, batch, now, due) .. tail
  n_records = n_records + 2
  if expires < NEVER then
    expiries[#expiries + 1] = string.format('%.0f', expires)
    expiries[#expiries + 1] = id
  end
  if state == 0 then
    dues[#dues + 1] = string.format('%.0f', due)
    dues[#dues + 1] = id
    earliest = math.min(earliest, due)
  elseif priority == 0 and due == now and expires == NEVER then
    n_listed = n_listed + 1
    listed[n_listed] = id
  else
    prios[#prios + 1] = -priority
    prios[#prios + 1] = pack('>I8I5', math.max(due, 0), batch) .. tail:sub(-2) .. id
  end
end

for i = 1, n do
  local at = 3 + (i - 1) * width
  local id, tail = ids[i], ARGV[at + 1]
  local is_known = known[i]
  if is_known and is_past(KEYS[9], KEYS[10], id) then
    forget_past(id, known[i])
    is_known = false
  end
  if is_known then
    local is_sound, before = pcall(contents, known[i], 34)
    refuse(i, is_sound and before == contents(tail, 1) and 3 or 1)
  elseif width == 3 and ARGV[at + 2] ~= '' then
    add_special(i, id, tail, ARGV[at + 2])
  elseif room == 0 then
    refuse(i, 2)
  else
    room = room - 1
    records[n_records + 1] = id
    records[n_records + 2] = head .. tail
    n_records = n_records + 2
    n_listed = n_listed + 1
    listed[n_listed] = id
  end
end

if n_records > 0 then
  local wakes = n_listed > 0 or #prios > 0
  if not wakes then
    -- Whoever waits for the next due time has to hear of an earlier one.
    local first = call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
    wakes = not first[2] or earliest < tonumber(first[2])
  end
  call_all('HSET', KEYS[1], records)
  if n_listed > 0 then call_all('RPUSH', KEYS[2], listed) end
  if #prios > 0 then call_all('ZADD', KEYS[3], prios) end
  if #dues > 0 then call_all('ZADD', KEYS[4], dues) end
  if #expiries > 0 then call_all('ZADD', KEYS[5], expiries) end
  for key, id in pairs(holders) do call('HSET', KEYS[6], key, id) end
  if wakes and call('LLEN', KEYS[8]) == 0 then call('RPUSH', KEYS[8], '1') end
end
if batch > 1 then return verdicts or 0 end
if not verdicts then return 1 end
verdicts[n + 1] = 1
return verdicts
