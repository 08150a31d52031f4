-- SPDX-License-Identifier: MIT
-- All that is known of jobs, in one moment.
-- KEYS  1 jobs  2 running  3 results
-- ARGV  ids
-- Gives {records, runs, results}, with nothing where there is none.
local call = redis.call
return {call('HMGET', KEYS[1], unpack(ARGV)), call('HMGET', KEYS[2], unpack(ARGV)), call('HMGET', KEYS[3], unpack(ARGV))}
