-- SPDX-License-Identifier: MIT
-- A paused queue gives jobs again.
-- KEYS  1 meta  2 wake
local call = redis.call
call('HDEL', KEYS[1], 'paused')
if call('LLEN', KEYS[2]) == 0 then call('RPUSH', KEYS[2], '1') end
return 0
