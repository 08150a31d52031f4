-- SPDX-License-Identifier: MIT
-- Registers a worker's life on a queue, for one lease.
-- uses: time breaks
-- KEYS  1 beats  2 lives  3 held  4 meta
-- ARGV  1 time of a test  2 incarnation  3 lease in microseconds  4 what it says of itself
notice_break(KEYS[1], KEYS[2], KEYS[3], KEYS[4])
local since = now
local known = call('HGET', KEYS[2], ARGV[2])
if known and #known >= 16 then since = unpack_from('<i8', known, 9) end
call('HSET', KEYS[2], ARGV[2], pack('<i8i8', tonumber(ARGV[3]), since) .. ARGV[4])
call('ZADD', KEYS[1], string.format('%.0f', math.min(now + ARGV[3], NEVER)), ARGV[2])
call('HDEL', KEYS[3], ARGV[2] .. '!')
return 0
