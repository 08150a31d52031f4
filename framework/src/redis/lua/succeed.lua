-- SPDX-License-Identifier: MIT
-- T5: runs end with a result. Other reports are report.lua's. The record is neither read nor rewritten: the result is
-- in :results.
-- uses: time
-- KEYS  1 jobs  2 running  3 beats  4 held  5 results  6 ended  7 unique  8 cancels  9 meta
-- ARGV  1 time of a test  2 channel of the clients  3 queue
--       then groups: token (<I8> number of the claim, incarnation), n, and n times id, result
-- Gives for each job 0 accepted, 1 fenced, 2 not running: report.lua knows whether it is a repeat.
local ids, tokens, results = {}, {}, {}
local at, n = 4, 0
while at < #ARGV do
  local token, last = ARGV[at], at + 2 * ARGV[at + 1]
  for k = at + 2, last, 2 do
    n = n + 1
    ids[n], tokens[n], results[n] = ARGV[k], token, ARGV[k + 1]
  end
  at = last + 2
end

-- What a run says of itself, and whether its worker still has its lease.
local parsed = {}
local function parse(run)
  local attempt, keep, length = unpack_from('<I4i8B', run, 10)
  local token = run:sub(23, 22 + length)
  local client_at = 23 + length
  local client_length = run:byte(client_at)
  local r = {token = token, keep = keep, headers = {}, n = 0, attempt = attempt,
             client = run:sub(client_at + 1, client_at + client_length), key = run:sub(client_at + client_length + 1),
             cancel = run:byte(9) == 1, forget = string.format('%.0f', math.min(now + keep, NEVER))}
  r.alive = call('ZSCORE', KEYS[3], token:sub(9)) ~= false
  r.prefix = pack('<i8I4', now, attempt) .. run:sub(1, 8) .. run:sub(22, 22 + length)
  parsed[run] = r
  return r
end

local runs = call('HMGET', KEYS[2], unpack(ids))
local verdicts, seen = {}, {}
local done, gone, stored, kept, keys, cancels, told = {}, {}, {}, {}, {}, {}, {}
local n_done, n_stored = 0, 0  -- counted, since # takes a search
local bytes = 0  -- of what is kept, without the records: they have been counted by the claim

for i = 1, n do
  local id, run = ids[i], runs[i]
  if not run or #run < 22 or seen[id] then
    verdicts[i] = 2
  else
    local r = parsed[run] or parse(run)
    if r.token ~= tokens[i] or not r.alive then
      verdicts[i] = 1
    else
      local result = results[i]
      verdicts[i] = 0
      seen[id] = true
      r.n = r.n + 1
      n_done = n_done + 1
      done[n_done] = id
      if r.cancel then cancels[#cancels + 1] = id end
      if r.key ~= '' then keys[#keys + 1] = r.key end
      if r.keep <= 0 then
        gone[#gone + 1] = id
      else
        local k, kept_result = n_stored, r.prefix .. result
        n_stored = k + 2
        stored[k + 1], stored[k + 2] = id, kept_result
        kept[k + 1], kept[k + 2] = r.forget, id
        bytes = bytes + #kept_result
      end
      if r.client ~= '' then
        local parts = told[r.client]
        if not parts then
          parts = {pack('B', #ARGV[3]), ARGV[3], n = 2}
          told[r.client] = parts
        end
        local size = #result
        local header = r.headers[size * 256 + #id]
        if not header then
          header = pack('<BBBI4I4', #id, 4, 0, r.attempt, size > 8192 and 4294967295 or size)
          r.headers[size * 256 + #id] = header
        end
        local k = parts.n
        parts.n = k + 3
        parts[k + 1], parts[k + 2], parts[k + 3] = header, id, size > 8192 and '' or result
      end
    end
  end
end

-- First what frees memory: then the rest is done also where there is no more to be had.
if n_done > 0 then
  call_all('HDEL', KEYS[2], done)
  if #gone > 0 then call_all('HDEL', KEYS[1], gone) end
  if #keys > 0 then call_all('HDEL', KEYS[7], keys) end
  if #cancels > 0 then call_all('HDEL', KEYS[8], cancels) end
  for _, r in pairs(parsed) do
    if r.n > 0 then call('HINCRBY', KEYS[4], r.token:sub(9), -r.n) end
  end
  if n_stored > 0 then
    call_all('HSET', KEYS[5], stored)
    call_all('ZADD', KEYS[6], kept)
    call('HINCRBY', KEYS[9], 'ended_bytes', bytes)
  end
  for client, parts in pairs(told) do call('PUBLISH', ARGV[2] .. client, table.concat(parts)) end
end
return verdicts
