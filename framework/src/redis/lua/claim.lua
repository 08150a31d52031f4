-- SPDX-License-Identifier: MIT
-- T3: takes the next due jobs under a worker's lease. The record is not rewritten: what the claim adds is in :running.
-- uses: time
-- KEYS  1 jobs  2 list  3 prio  4 due  5 expires  6 running  7 beats  8 held  9 meta  10 ghosts  11 wake  12 in
-- ARGV  1 time of a test  2 incarnation  3 number of the claim  4 the same as <I8>  5 at most so many jobs; 0: only repeat
--       6 "1" when :in has been looked at
-- Gives {'retired'}, {'tidy'} (something has fallen due or expired: tidy.lua first), {'intake'} (something is in :in:
--       intake.lua first), {'repeat', ids, records, runs}, {'given', ids, records, started, rest} or {'none', rest}.
--       rest: the span until the next due time, -1: nothing is going to fall due, -2: there is more to be had now
local incarnation, number, limit = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
if not call('ZSCORE', KEYS[7], incarnation) then return {'retired'} end

-- The bytes by which jobs of one priority are ordered.
local function place_of(record)
  if #record < 33 then return '' end  -- somebody has cut it short
  local batch, _, due = unpack_from('<I5i8i8', record, 13)
  return pack('>I8I5', math.max(due, 0), batch) .. record:sub(-2)
end

-- The same claim once more: what it was given then and still runs, in the same order.
-- :held has the number of the last claim, below 0 where that was given nothing.
local held = call('HMGET', KEYS[8], incarnation, incarnation .. '#')
local last = tonumber(held[2] or 0)
if number < math.abs(last) or number == last then
  local token, found = ARGV[4] .. incarnation, {}
  local all = call('HGETALL', KEYS[6])
  for i = 1, #all, 2 do
    local id, run = all[i], all[i + 1]
    local record = run:sub(23, 22 + (run:byte(22) or 0)) == token and call('HGET', KEYS[1], id)
    if record then
      local priority = #record < 33 and 0 or unpack_from('<b', record, 12)
      found[#found + 1] = {id = id, run = run, record = record, priority = priority,
                           place = place_of(record)}
    end
  end
  table.sort(found, function(a, b)
    if a.priority ~= b.priority then return a.priority > b.priority end
    return a.place < b.place
  end)
  local ids, records, runs = {}, {}, {}
  for i, job in ipairs(found) do ids[i], records[i], runs[i] = job.id, job.record, job.run end
  return {'repeat', ids, records, runs}
end
if limit == 0 then return {'none', -1} end

local function span_until(due)
  return due and tonumber(due) - now or -1
end

local function nothing(next_due)
  if last ~= -number then
    call('HDEL', KEYS[8], incarnation .. '#')
    call('HSET', KEYS[8], incarnation .. '#', -number)
  end
  return {'none', span_until(next_due)}
end

local meta = call('HMGET', KEYS[9], 'paused', 'ghosts')
if meta[1] then return nothing() end
local is_ranked, next_due, next_expiry = false, nil, nil
-- Most queues have none of these: then one look is enough.
if call('EXISTS', KEYS[3], KEYS[4], KEYS[5], KEYS[12]) > 0 then
  if ARGV[6] ~= '1' and call('EXISTS', KEYS[12]) == 1 then return {'intake'} end
  next_due = call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')[2]
  if next_due and tonumber(next_due) <= now then return {'tidy'} end
  next_expiry = call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')[2]
  if next_expiry and tonumber(next_expiry) < now then return {'tidy'} end
  is_ranked = call('EXISTS', KEYS[3]) == 1
end

-- The next ids of the list, without those of jobs that have left it since.
local is_emptied = false
local function pop(most)
  local ids = call('LPOP', KEYS[2], most)
  is_emptied = not ids or #ids < most
  if not ids or not meta[2] or meta[2] == '0' then return ids end
  local counts, real, gone = call('HMGET', KEYS[10], unpack(ids)), {}, 0
  local left = {}
  for i, id in ipairs(ids) do
    local ghosts = left[id] or tonumber(counts[i] or 0)
    if ghosts > 0 then
      left[id] = ghosts - 1
      gone = gone + 1
      if call('HINCRBY', KEYS[10], id, -1) == 0 then call('HDEL', KEYS[10], id) end
    else
      real[#real + 1] = id
    end
  end
  if gone > 0 then meta[2] = tostring(call('HINCRBY', KEYS[9], 'ghosts', -gone)) end
  return real
end

-- Both lines at once: priorities above 0, then those of 0 by their due times, then the rest.
local function merge()
  local ids, used, at = {}, 0, 1
  local ranked = call('ZRANGE', KEYS[3], 0, limit - 1, 'WITHSCORES')
  local listed, records = {}, {}
  repeat
    listed = pop(limit)
  until not listed or #listed > 0
  listed = listed or {}
  if #listed > 0 then records = call('HMGET', KEYS[1], unpack(listed)) end
  while #ids < limit do
    local member, score = ranked[2 * used + 1], tonumber(ranked[2 * used + 2] or 1000)
    local is_listed = at <= #listed and score >= 0
    if is_listed and score == 0 and records[at] then
      is_listed = place_of(records[at]) < member:sub(1, 15)
    end
    if is_listed then
      ids[#ids + 1] = listed[at]
      at = at + 1
    elseif member then
      ids[#ids + 1] = member:sub(16)
      used = used + 1
    else
      break
    end
  end
  if used > 0 then call('ZREMRANGEBYRANK', KEYS[3], 0, used - 1) end
  -- What was not needed goes back to where it was.
  for i = #listed, at, -1 do call('LPUSH', KEYS[2], listed[i]) end
  return ids
end

local ids
if is_ranked then
  ids = merge()
else
  repeat
    ids = pop(limit)
  until not ids or #ids > 0
end
if not ids or #ids == 0 then return nothing(next_due) end

local records = call('HMGET', KEYS[1], unpack(ids))
local started, token = pack('<i8B', now, 0), ARGV[4] .. incarnation
token = pack('B', #token) .. token

-- What :running says of a run: with it, its end needs no look at the record. And whether its success will be kept.
local function run_of(record)
  local flags, from, attempt, keep, key = record:byte(34), 35, 1, 86400000000, ''
  if flags % 2 >= 1 then
    attempt = math.min(unpack_from('<I4', record, 35) + 1, 4294967295)
    from = 72 + record:byte(71)
  end
  if flags % 4 >= 2 then from = from + 4 + unpack_from('<I4', record, from) end
  if flags % 8 >= 4 then from = from + 4 + unpack_from('<I4', record, from) end
  if flags % 16 >= 8 then
    local _, _, asked = unpack_from('<I4I4i8', record, from)
    keep, from = asked, from + 57
  end
  local client = record:sub(from, from + record:byte(from))
  if flags % 32 >= 16 then
    from = from + #client
    key = record:sub(from + 4, from + 3 + unpack_from('<I4', record, from))
  end
  return started .. pack('<I4i8', attempt, math.min(keep, NEVER)) .. token .. client .. key, keep > 0
end

-- A job that somebody has damaged gets a run all the same: whoever is given it cannot read it, and says so.
local function sound_run_of(record)
  local is_sound, run, is_kept = pcall(run_of, record)
  if is_sound then return run, is_kept end
  return started .. pack('<I4i8', 1, 86400000000) .. token .. '\0', true
end

local fresh = {}  -- by client
local fields, runs, n_given = {}, {}, 0
local bytes = 0  -- of records that will be kept: nobody looks at them again when they succeed
for i = 1, #ids do
  local record, run, is_kept = records[i], false, true
  if record then
    if record:byte(34) == 0 then
      local client = record:sub(35, 35 + (record:byte(35) or 0))
      run = fresh[client]
      if not run then
        run = sound_run_of(record)
        fresh[client] = run
      end
    else
      run, is_kept = sound_run_of(record)
    end
    if is_kept then bytes = bytes + #record end
    fields[2 * n_given + 1] = ids[i]
    fields[2 * n_given + 2] = run
    n_given = n_given + 1
  end
  runs[i] = run
end
if n_given > 0 then
  if next_expiry then call_all('ZREM', KEYS[5], ids) end
  call_all('HSET', KEYS[6], fields)
  call('HSET', KEYS[8], incarnation, (held[1] or 0) + n_given, incarnation .. '#', ARGV[3])
  if bytes > 0 then call('HINCRBY', KEYS[9], 'ended_bytes', bytes) end
end
local has_more = (is_ranked or not is_emptied) and call('EXISTS', KEYS[2], KEYS[3]) > 0
if has_more and call('LLEN', KEYS[11]) == 0 then call('RPUSH', KEYS[11], '1') end
return {'given', ids, records, started, has_more and -2 or span_until(next_due)}
