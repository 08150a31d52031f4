-- SPDX-License-Identifier: MIT
-- The end of a life: T8 for all that it still holds, T11 for what is to be cancelled.
-- uses: time keys job lives
-- ARGV  4 incarnation  5 at most so many jobs  6 'released' or 'lost'
-- Gives 1 when there is more to move.
local is_known = call('ZSCORE', K.beats, ARGV[4])
end_life(ARGV[4], ARGV[6])
if not is_known then end_strays() end
local _, _, more = drain(tonumber(ARGV[5]))
tell_all()
return more and 1 or 0
