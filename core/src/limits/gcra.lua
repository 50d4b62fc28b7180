-- Generic cell rate algorithm, one key, atomic because Redis runs a script alone.
-- KEYS[1]  the limit's state: the theoretical arrival time of the next permit, microseconds of this server's clock
-- ARGV[1]  microseconds between permits    ARGV[2]  burst, permits    ARGV[3]  cost, permits (1..burst)
-- Answers {allowed 0|1, permits left, microseconds until `cost` permits are there}.
local interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full = burst * interval
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
-- a value beyond a full bucket is a clock that was set back
arrival = math.min(math.max(arrival, now), now + full)
local after = arrival + cost * interval
if after > now + full then
  return { 0, math.floor((now + full - arrival) / interval), math.ceil(after - full - now) }
end
-- %.0f: Lua would write 1.7e15 with too few digits
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', string.format('%.0f', math.ceil((after - now) / 1000)))
return { 1, math.floor((now + full - after) / interval), 0 }
