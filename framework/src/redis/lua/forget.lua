-- SPDX-License-Identifier: MIT
-- T16, because somebody asked for it: ends the retention of jobs that have ended.
-- uses: time keys job
-- ARGV  4… ids
-- Gives for each 1 forgotten, 0 there is no such job, or it has not ended.
local answers = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local is_there = not is_past(K.ended, K.dead, id)
  local has_ended = call('ZSCORE', K.ended, id) or call('ZSCORE', K.dead, id)
  if has_ended then forget(id) end
  answers[#answers + 1] = is_there and has_ended and 1 or 0
end
return answers
