-- SPDX-License-Identifier: MIT
-- T6, T7, T8, T11 and notes: what workers report other than a success, and repeats of any report.
-- uses: time keys job
-- ARGV  4… for each report: id, token (<I8> claim, incarnation), <B kind> <B reason> <i8 delay>, text
--       kind 0 succeeded (only as a repeat), 1 retry, 2 failed, 3 cancelled, 4 released, 5 note
-- Gives for each 0 accepted, 1 fenced, 2 gone.
local verdicts = {}

-- Is this what that report leaves behind? Asked only of the token that ended the last run.
local function shows_effect(j, kind, reason, text)
  local state = j.state
  if kind == 0 then return state == SUCCEEDED end
  if kind == 1 then
    -- By now it may have fallen due; the reason tells it from a release.
    if state == QUEUED then return j.reason == reason and (j.error or '') == text end
    return state == RETRYING or state == CANCELLED or state == FAILED
  end
  if kind == 2 then return state == FAILED end
  if kind == 3 then return state == CANCELLED end
  if kind == 4 then return state == QUEUED or state == SCHEDULED or state == CANCELLED end
  return false
end

local function fail(j, id, reason, text)
  j.reason = reason
  j.error = text_or_nil(text)
  finish(j, id, FAILED)
end

local function retry(j, id, reason, text, delay)
  j.failures = count(j.failures)
  if j.cancel == 1 or j.failures > j.max_retries then
    j.reason = reason
    j.error = text_or_nil(text)
    return finish(j, id, j.cancel == 1 and CANCELLED or FAILED)
  end
  j.reason = reason
  j.error = text_or_nil(text)
  j.state = RETRYING
  j.due = later(delay)
  put_waiting(j, id)
end

local function report(id, token, options, text)
  local kind, reason, delay = unpack_from('<BBi8', options)
  local record, run = call('HGET', K.jobs, id), call('HGET', K.running, id)
  if not record or is_past(K.ended, K.dead, id) then return 2 end
  local j = decode(record)
  if not run then
    j = j or {state = FAILED}
    local result = call('HGET', K.results, id)
    if result then
      j.state = SUCCEEDED
      j.token = text_at(result, 'B', 21)
    end
    return j.token == token and shows_effect(j, kind, reason, text) and 0 or 1
  end
  if token_of(run) ~= token or not call('ZSCORE', K.beats, token:sub(9)) then return 1 end
  if not j then
    if kind == 0 then return 1 end
    if kind == 5 then return 0 end
    leave_running(id, run, record)
    set_apart(id, record)
    return 0
  end
  if kind == 5 then
    j.note = text_or_nil(text)
    local noted = encode(j)
    call('HSET', K.jobs, id, noted)
    if is_counted(run) then call('HINCRBY', K.meta, 'ended_bytes', #noted - #record) end
    return 0
  end
  if kind == 0 then return 1 end
  leave_running(id, run, record)
  begin(j, run)
  if kind == 1 then
    retry(j, id, reason, text, delay)
  elseif kind == 2 then
    if reason == EXCEPTION or reason == TIMEOUT then j.failures = count(j.failures) end
    fail(j, id, reason, text)
  elseif kind == 3 then
    finish(j, id, CANCELLED)
  else
    release(j, id, delay)
  end
  return 0
end

for i = 4, #ARGV, 4 do verdicts[#verdicts + 1] = report(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) end
tell_all()
return verdicts
