-- SPDX-License-Identifier: MIT
-- All that is known of jobs, in one moment.
-- uses: time
-- KEYS  1 jobs  2 running  3 results  4 ended  5 dead
-- ARGV  1 time of a test  2… ids
-- Gives {records, runs, results}, with nothing where there is none.
local records = call('HMGET', KEYS[1], unpack(ARGV, 2))
for i = 2, #ARGV do
  if records[i - 1] and is_past(KEYS[4], KEYS[5], ARGV[i]) then records[i - 1] = false end
end
return {records, call('HMGET', KEYS[2], unpack(ARGV, 2)), call('HMGET', KEYS[3], unpack(ARGV, 2))}
