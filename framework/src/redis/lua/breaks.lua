-- SPDX-License-Identifier: MIT
-- Breaks of the server, in which nobody could beat. Expects time.lua.

-- By the longest silence between two looks at the queue: a pause that is shorter costs a life no more than its next beat.
-- Whoever is late after a longer one, or would be soon, gets a third of a lease, once until he beats again: so one dies
-- also where looks are always so far apart. The lease is at least 300 ms.
local SHORTEST_BREAK = 150000
local function notice_break(beats, lives, held, meta)
  if ARGV[1] ~= '' then return end  -- the clock of a test leaps without a break
  local seen = tonumber(call('HGET', meta, 'seen') or 0)
  call('HDEL', meta, 'seen')
  call('HSET', meta, 'seen', string.format('%.0f', now))
  local silence = now - seen
  if silence <= SHORTEST_BREAK then return end
  local all = call('ZRANGE', beats, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do
    local incarnation, deadline = all[i], tonumber(all[i + 1])
    local life = call('HGET', lives, incarnation)
    local lease = life and #life >= 8 and unpack_from('<i8', life) or 0
    local spared = now + lease / 3
    if silence > lease / 2 and deadline < spared and call('HSETNX', held, incarnation .. '!', '1') == 1 then
      call('ZADD', beats, string.format('%.0f', spared), incarnation)
    end
  end
end
