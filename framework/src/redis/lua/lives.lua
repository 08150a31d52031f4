-- SPDX-License-Identifier: MIT
-- The end of workers' lives. Expects job.lua.

-- Fences at once: a life is where :beats has it. What it ran is in :lost until drain() has come to it:
-- 'released' when it said goodbye itself, else 'lost'.
local function end_life(incarnation, how)
  if call('ZREM', K.beats, incarnation) == 0 then return end
  call('HDEL', K.lives, incarnation)
  if tonumber(call('HGET', K.held, incarnation) or 0) > 0 then
    call('HSET', K.lost, incarnation, how)
  else
    call('HDEL', K.held, incarnation, incarnation .. '#', incarnation .. '!')
  end
end

-- Runs under a lease that somebody has deleted: nobody would ever find it late.
local function end_strays()
  for _, incarnation in ipairs(call('HKEYS', K.lives)) do
    if not call('ZSCORE', K.beats, incarnation) then call('HDEL', K.lives, incarnation) end
  end
  for _, run in ipairs(call('HVALS', K.running)) do
    local incarnation = token_of(run):sub(9)
    if not call('ZSCORE', K.beats, incarnation) then call('HSETNX', K.lost, incarnation, 'lost') end
  end
end

-- T9, T10, T11.
local function lose(j, id)
  j.token = ''
  if j.cancel == 1 then return finish(j, id, CANCELLED) end
  j.lost = count(j.lost)
  j.reason = WORKER_LOST
  j.error = 'its worker was lost ' .. (j.lost == 1 and 'once' or exact(j.lost) .. ' times') ..
            '; the limit is max_lost = ' .. exact(j.max_lost)
  if j.lost > j.max_lost then return finish(j, id, FAILED) end
  j.state = QUEUED
  if j.lost > 1 then
    j.state = RETRYING
    j.due = later(math.min(60000000, 500000 * 2 ^ math.min(j.lost - 2, 16)))
  end
  put_waiting(j, id)
end

-- Moves at most so many jobs of ended lives. Gives how many wait again, how many died of it, and whether there is more.
local function drain(limit)
  local recovered, died, moved = 0, 0, 0
  local lost = call('HGETALL', K.lost)
  if #lost == 0 then return 0, 0, false end
  local how, left = {}, {}
  for i = 1, #lost, 2 do how[lost[i]] = lost[i + 1] end
  local running = call('HGETALL', K.running)
  for i = 1, #running, 2 do
    local id, run = running[i], running[i + 1]
    local incarnation = token_of(run):sub(9)
    if how[incarnation] and moved == limit then
      left[incarnation] = true
    elseif how[incarnation] then
      moved = moved + 1
      local record = call('HGET', K.jobs, id)
      leave_running(id, run, record)
      local j = record and decode(record)
      if record and not j then
        set_apart(id, record)
        died = died + 1
      elseif j then
        begin(j, run)
        if how[incarnation] == 'released' then release(j, id, 0) else lose(j, id) end
        if j.state < SUCCEEDED then recovered = recovered + 1 end
        if j.state == FAILED then died = died + 1 end
      end
    end
  end
  for incarnation in pairs(how) do
    if not left[incarnation] then
      call('HDEL', K.lost, incarnation)
      call('HDEL', K.held, incarnation, incarnation .. '#', incarnation .. '!')
    end
  end
  return recovered, died, moved == limit
end
