-- Held units of an order become sold: they leave the held set, and the order leaves the due list.
-- KEYS: due, then per pool: held
-- ARGV: order id, then per pool: number of units, unit...
redis.call('ZREM', KEYS[1], ARGV[1])
local at = 2
for k = 2, #KEYS do
  local number = tonumber(ARGV[at])
  for i = 1, number do
    local unit = ARGV[at + i]
    if redis.call('HGET', KEYS[k], unit) == ARGV[1] then redis.call('HDEL', KEYS[k], unit) end
  end
  at = at + 1 + number
end
redis.call('PUBLISH', 'usher:poke', 'relay')
return 1
