-- SPDX-License-Identifier: MIT
-- T14 and T2, before a claim.
-- uses: time keys job tidying
-- ARGV  4 at most so many of each
expire_late(tonumber(ARGV[4]))
promote(tonumber(ARGV[4]))
tell_all()
return 0
