-- SPDX-License-Identifier: MIT
-- What every script begins with: the one clock, in microseconds. ARGV[1] is "" but in tests, which say what time it is.
local call, pack, unpack_from = redis.call, struct.pack, struct.unpack
local NEVER = 9007199254740992  -- 2^53: later than any time that is stored, and exact in Lua
local now
if ARGV[1] == '' then
  local time = call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(ARGV[1])
end

-- So many arguments at most in one command: Lua's stack has a limit.
local SLICE = 2000
-- Calls a command with a key and any number of further arguments that come `step` by `step`.
local function call_all(command, key, list)
  for i = 1, #list, SLICE do
    call(command, key, unpack(list, i, math.min(i + SLICE - 1, #list)))
  end
end

-- Has the retention of this ended job passed? Upkeep removes it some time; nobody is to see it until then.
local function is_past(ended, dead, id)
  local at = call('ZSCORE', ended, id) or call('ZSCORE', dead, id)
  return at and tonumber(at) <= now
end
