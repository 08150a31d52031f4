-- SPDX-License-Identifier: MIT
-- What every script begins with: the one clock, in microseconds. ARGV[1] moves it, and is "0" outside of tests.
local call, pack, unpack_from = redis.call, struct.pack, struct.unpack
local NEVER = 9007199254740992  -- 2^53: later than any time that is stored, and exact in Lua
local time = call('TIME')
local now = time[1] * 1000000 + time[2] + ARGV[1]

-- So many arguments at most in one command: Lua's stack has a limit.
local SLICE = 2000
-- Calls a command with a key and any number of further arguments that come `step` by `step`.
local function call_all(command, key, list)
  for i = 1, #list, SLICE do
    call(command, key, unpack(list, i, math.min(i + SLICE - 1, #list)))
  end
end
