-- SPDX-License-Identifier: MIT
-- Removes jobs that are in one of some states; running ones never are.
-- uses: time keys job
-- ARGV  4 the states, a digit each  5… ids
-- Gives how many were removed.
local function purge(id)
  local record = call('HGET', K.jobs, id)
  if not record or call('HEXISTS', K.running, id) == 1 then return 0 end
  local j = decode(record) or {state = FAILED}
  if call('HEXISTS', K.results, id) == 1 or call('ZSCORE', K.ended, id) then j.state = SUCCEEDED end
  if not ARGV[4]:find(tostring(j.state), 1, true) then return 0 end
  if j.state < SUCCEEDED then
    take_out_waiting(j, id)
    if j.unique then call('HDEL', K.unique, j.unique) end
    tell(j.client, id, j.state, NONE, 0, nil)  -- whoever awaits it learns that it is unknown now
    call('HDEL', K.jobs, id)
  else
    forget(id)
  end
  return 1
end

local removed = 0
for i = 5, #ARGV do removed = removed + purge(ARGV[i]) end
tell_all()
return removed
