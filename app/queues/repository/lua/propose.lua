-- Proposes the next number of a line's day, after looking at the joiner's window. The insert decides.
-- KEYS: counter, window   ARGV: floor, ttl ms, window limit (0: none), window ms
if tonumber(ARGV[3]) > 0 then
  local count = redis.call('INCR', KEYS[2])
  local left = redis.call('PTTL', KEYS[2])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[2], ARGV[4])
    left = tonumber(ARGV[4])
  end
  if count > tonumber(ARGV[3]) then return {'limited', left} end
end
local floor = tonumber(ARGV[1])
if floor > tonumber(redis.call('GET', KEYS[1]) or '0') then redis.call('SET', KEYS[1], floor) end
local number = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'number', number}
