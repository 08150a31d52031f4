-- SPDX-License-Identifier: MIT
-- A slice of a queue's jobs, in no order: those that an operator asks for.
-- uses: time keys job
-- ARGV  4 cursor of the slice, "0" at first  5 about so many  6 only in this state, or -1  7 text that they contain
--       8 only those stored after this number  9 and, unless it is 0, before this one
-- Gives {cursor of the next slice or "0", number, id, number, id, …}; the numbers grow as jobs are stored.
local wanted, text, after, before = tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
if before == 0 then before = math.huge end
local page = call('HSCAN', K.jobs, ARGV[4], 'COUNT', ARGV[5])
local entries, found = page[2], {page[1]}
local function has(field) return field and field:find(text, 1, true) end

local SHORTEST = 44  -- of the records that can be read
for i = 1, #entries, 2 do
  local id, record = entries[i], entries[i + 1]
  local number
  local is_odd = #record < SHORTEST or record:byte(1) ~= 1 or record:byte(2) > EXPIRED
  if #record < SHORTEST then
    number = 2 ^ 51 + tonumber(redis.sha1hex(id):sub(1, 8), 16)  -- behind all others
  else
    number = unpack_from('<I5', record, 13) * 2048 + unpack_from('>I2', record, #record - 1)
  end
  if number > after and number < before then
    local state = is_odd and FAILED or record:byte(2)
    if wanted >= 0 and (is_odd or state < SUCCEEDED) then
      if call('ZSCORE', K.dead, id) then state = FAILED end
      if call('HEXISTS', K.running, id) == 1 then state = RUNNING end
      if call('HEXISTS', K.results, id) == 1 then state = SUCCEEDED end
    end
    local is_meant = wanted < 0 or state == wanted
    if is_meant and text ~= '' then
      local j = decode(record)
      is_meant = has(id) or j and (has(j.name) or has(record:sub(j.arguments_at, -3)) or has(j.error) or has(j.unique))
    end
    if is_meant and not is_past(K.ended, K.dead, id) then
      found[#found + 1] = exact(number)
      found[#found + 1] = id
    end
  end
end
return found
