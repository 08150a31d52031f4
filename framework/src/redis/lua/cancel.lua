-- SPDX-License-Identifier: MIT
-- T12 and T13.
-- uses: time keys job
-- ARGV  4… ids
-- Gives for each 0 cancelled, 1 requested, 2 finished, 3 unknown.
local function cancel(id)
  local record = call('HGET', K.jobs, id)
  if not record or is_past(K.ended, K.dead, id) then return 3 end
  local run = call('HGET', K.running, id)
  if run then
    call('HDEL', K.running, id)  -- frees, so that the rest is done also where there is no more memory
    call('HSET', K.running, id, run:sub(1, 8) .. '\1' .. run:sub(10))
    call('HSET', K.cancels, id, token_of(run):sub(9))
    return 1
  end
  if call('HEXISTS', K.results, id) == 1 or call('ZSCORE', K.ended, id) then return 2 end
  local j = decode(record)
  if not j then return call('ZSCORE', K.dead, id) and 2 or 3 end
  if j.state >= SUCCEEDED then return 2 end
  take_out_waiting(j, id)
  finish(j, id, CANCELLED)
  return 0
end

local verdicts = {}
for i = 4, #ARGV do verdicts[#verdicts + 1] = cancel(ARGV[i]) end
tell_all()
return verdicts
