-- SPDX-License-Identifier: MIT
-- The keys of a queue, for the scripts that take them all, and what such a script is told besides.
-- KEYS  jobs list prio due expires running beats lives held cancels lost unique results ended dead ghosts meta wake in
-- ARGV  1 time of a test  2 channel of the clients  3 queue
local K = {jobs = KEYS[1], list = KEYS[2], prio = KEYS[3], due = KEYS[4], expires = KEYS[5], running = KEYS[6],
           beats = KEYS[7], lives = KEYS[8], held = KEYS[9], cancels = KEYS[10], lost = KEYS[11], unique = KEYS[12],
           results = KEYS[13], ended = KEYS[14], dead = KEYS[15], ghosts = KEYS[16], meta = KEYS[17], wake = KEYS[18],
           inbox = KEYS[19],
           channel = ARGV[2], queue = ARGV[3]}
