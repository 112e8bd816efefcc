-- Gives units back after the write that dropped their claim. Doing it twice changes nothing.
-- A rebuild that read the database before that write learns of it from the diary.
-- KEYS: meta, due, diary, mark, then per pool: free, held
-- ARGV: order ids joined by spaces, drop mark (0 or 1), then per pool: type id, number of units, unit...
local meta, due, diary = KEYS[1], KEYS[2], KEYS[3]
local orders = {}
for order in string.gmatch(ARGV[1], '%S+') do
  orders[order] = true
  redis.call('ZREM', due, order)
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local built = redis.call('HGET', meta, 'built')

if ARGV[2] == '1' then redis.call('DEL', KEYS[4]) end

local freed, at = 0, 3
for k = 5, #KEYS, 2 do
  local free, held, type = KEYS[k], KEYS[k + 1], ARGV[at]
  local number = tonumber(ARGV[at + 1])
  local next = tonumber(redis.call('HGET', meta, 'next:' .. type) or '1')
  for i = 1, number do
    local unit = ARGV[at + 1 + i]
    redis.call('ZADD', diary, now, type .. '\n' .. unit)
    local holder = redis.call('HGET', held, unit)
    if built and (not holder or orders[holder]) then
      redis.call('HDEL', held, unit)
      local place = string.sub(unit, 1, 2) == 'g/' and string.match(unit, '([^/]+)$') or nil
      if not place then
        freed = freed + redis.call('SADD', free, unit)
      elseif tonumber(place) < next then
        freed = freed + redis.call('SADD', free, place)
      end
    end
  end
  at = at + 2 + number
end
redis.call('ZREMRANGEBYSCORE', diary, '-inf', now - 60000)
redis.call('PEXPIRE', diary, 60000)
redis.call('PUBLISH', 'usher:poke', 'relay')
return freed
