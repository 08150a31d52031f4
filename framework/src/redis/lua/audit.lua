-- SPDX-License-Identifier: MIT
-- The invariants of a queue, by looking at every job. Meant for a queue of some ten thousand jobs: nothing else runs
-- meanwhile.
-- uses: time keys job
-- ARGV  4 at most so many sentences
-- Gives sentences about what does not hold.
local faults, most = {}, tonumber(ARGV[4])
local function fault(id, what)
  if #faults < most then faults[#faults + 1] = (id and 'job ' .. K.queue .. '/' .. id .. ' ' or '') .. what end
end
local function pairs_of(command, ...)
  local flat, map, n = call(command, ...), {}, 0
  for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1]; n = n + 1 end
  return map, n
end

local jobs = pairs_of('HGETALL', K.jobs)
local running = pairs_of('HGETALL', K.running)
local results = pairs_of('HGETALL', K.results)
local ended, dead = pairs_of('ZRANGE', K.ended, 0, -1, 'WITHSCORES'), pairs_of('ZRANGE', K.dead, 0, -1, 'WITHSCORES')
local due, expires = pairs_of('ZRANGE', K.due, 0, -1, 'WITHSCORES'), pairs_of('ZRANGE', K.expires, 0, -1, 'WITHSCORES')
local unique, keys = pairs_of('HGETALL', K.unique)
local ghosts = pairs_of('HGETALL', K.ghosts)
local held = pairs_of('HGETALL', K.held)
local lost = pairs_of('HGETALL', K.lost)
local meta = pairs_of('HGETALL', K.meta)

-- How often each id is claimable.
local offered, prio, haunted = {}, pairs_of('ZRANGE', K.prio, 0, -1, 'WITHSCORES'), 0
for _, id in ipairs(call('LRANGE', K.list, 0, -1)) do
  if tonumber(ghosts[id] or 0) > 0 then
    ghosts[id] = ghosts[id] - 1
    haunted = haunted + 1
  else
    offered[id] = (offered[id] or 0) + 1
  end
end
for id, n in pairs(ghosts) do
  if tonumber(n) > 0 then fault(id, 'is a ghost of the list, and not in it') end
end
if haunted ~= tonumber(meta.ghosts or 0) then fault(nil, 'queue ' .. K.queue .. ' counts the ghosts of its list wrongly') end
for member, score in pairs(prio) do
  local id = member:sub(16)
  offered[id] = (offered[id] or 0) + 1
  local j = jobs[id] and decode(jobs[id])
  if j and (place_of(j, id) ~= member or tonumber(score) ~= -j.priority) then fault(id, 'waits in a wrong place') end
end

local counted, holders, runs_of = {retrying = 0, failed = 0, cancelled = 0, expired = 0}, 0, {}
local function look_at(id, j)
  if running[id] then j.state = RUNNING; j.expires = NEVER elseif results[id] then j.state = SUCCEEDED; j.expires = NEVER end
  local state = j.state
  if (offered[id] or 0) ~= (state == QUEUED and 1 or 0) then fault(id, 'is offered to workers a wrong number of times') end
  if (due[id] ~= nil) ~= (state == SCHEDULED or state == RETRYING) then fault(id, 'has a wrong place among those that wait') end
  if running[id] and results[id] then fault(id, 'runs and has a result') end
  if (results[id] ~= nil) ~= (ended[id] ~= nil) then fault(id, 'has a result that is not forgotten in time') end
  if (dead[id] ~= nil) ~= (COUNTED[state] ~= nil) then fault(id, 'is dead in one place only') end
  if (expires[id] ~= nil) ~= (j.expires < NEVER and (state == SCHEDULED or state == QUEUED)) then fault(id, 'would expire at a wrong time') end
  if (j.finished ~= 0) ~= (COUNTED[state] ~= nil) then fault(id, 'has a wrong end time') end
  if state == RETRYING then counted.retrying = counted.retrying + 1 end
  if COUNTED[state] then counted[COUNTED[state]] = counted[COUNTED[state]] + 1 end
  if j.unique and state < SUCCEEDED then
    holders = holders + 1
    if unique[j.unique] ~= id then fault(id, 'does not hold its unique key') end
  end
end
for id, record in pairs(jobs) do
  local j = decode(record)
  if j then
    look_at(id, j)
  elseif dead[id] then
    counted[end_of(record)] = counted[end_of(record)] + 1
  else
    fault(id, 'has a record that cannot be read')
  end
end
for place, ids in pairs({ended = ended, dead = dead}) do
  local bytes = 0
  for id in pairs(ids) do bytes = bytes + #(jobs[id] or '') + #(results[id] or '') end
  for id, run in pairs(place == 'ended' and running or {}) do
    if is_counted(run) then bytes = bytes + #(jobs[id] or '') end
  end
  if bytes ~= tonumber(meta[place .. '_bytes'] or 0) then fault(nil, 'queue ' .. K.queue .. ' weighs its ended jobs wrongly') end
end
for _, places in ipairs({running, results, ended, dead, due, expires, offered}) do
  for id in pairs(places) do
    if not jobs[id] then fault(id, 'has a place and no record') end
  end
end
for id, run in pairs(running) do
  local incarnation = token_of(run):sub(9)
  runs_of[incarnation] = (runs_of[incarnation] or 0) + 1
  if not call('ZSCORE', K.beats, incarnation) and not lost[incarnation] then fault(id, 'runs under no lease') end
  if (run:byte(9) == 1) ~= (call('HEXISTS', K.cancels, id) == 1) then fault(id, 'is to be cancelled in one place only') end
end
for name, n in pairs(held) do
  if not name:find('[#!]$') and tonumber(n) ~= (runs_of[name] or 0) then fault(nil, 'worker ' .. name .. ' holds another number of jobs than counted') end
end
for incarnation in pairs(runs_of) do
  if not held[incarnation] then fault(nil, 'the jobs of worker ' .. incarnation .. ' are not counted') end
end
if keys ~= holders then fault(nil, 'queue ' .. K.queue .. ' keeps unique keys that nobody holds') end
for name, n in pairs(counted) do
  if n ~= tonumber(meta[name] or 0) then fault(nil, 'queue ' .. K.queue .. ' counts its ' .. name .. ' jobs wrongly') end
end
return faults
