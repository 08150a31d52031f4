-- SPDX-License-Identifier: MIT
-- T4: one beat for everything that a worker holds of a queue. Frees memory before it takes any, so that leases go on
-- where the server has no more.
-- uses: time
-- KEYS  1 jobs  2 running  3 beats  4 lives  5 held  6 cancels
-- ARGV  1 time of a test  2 incarnation  3 how many jobs it runs
-- Gives {} when it is retired, else {ids to be cancelled, ids, records, runs}: all it holds, where the count differs.
local incarnation = ARGV[2]
local life = call('HGET', KEYS[4], incarnation)
if not life or #life < 8 or call('ZREM', KEYS[3], incarnation) == 0 then return {} end
local deadline = math.min(now + unpack_from('<i8', life), NEVER)
call('ZADD', KEYS[3], string.format('%.0f', deadline), incarnation)
call('HDEL', KEYS[5], incarnation .. '!')

local cancels, asked = {}, call('HGETALL', KEYS[6])
for i = 1, #asked, 2 do
  if asked[i + 1] == incarnation then cancels[#cancels + 1] = asked[i] end
end
local ids, records, runs = {}, {}, {}
if tonumber(call('HGET', KEYS[5], incarnation) or 0) ~= tonumber(ARGV[3]) then
  local all = call('HGETALL', KEYS[2])
  for i = 1, #all, 2 do
    local run = all[i + 1]
    if run:sub(31, 22 + (run:byte(22) or 0)) == incarnation then
      ids[#ids + 1] = all[i]
      runs[#runs + 1] = run
    end
  end
  for i = 1, #ids do records[i] = call('HGET', KEYS[1], ids[i]) end
end
return {cancels, ids, records, runs}
