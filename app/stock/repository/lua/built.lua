-- Puts a rebuilt picture in place, merged with what was released while the database was read.
-- A lost lock (flushed, or taken over) makes it do nothing: the other rebuild counts.
-- KEYS: lock, meta, due, diary, new due, then per pool: free, held, new free, new held
-- ARGV: lock token, version, start ms, then per pool: type id, next number (0: seats)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local meta = KEYS[2]

local function replace(old, new)
  redis.call('DEL', old)
  if redis.call('EXISTS', new) == 1 then
    redis.call('RENAME', new, old)
    redis.call('PERSIST', old)
  end
end

replace(KEYS[3], KEYS[5])
redis.call('DEL', meta)
local pools, at = {}, 4
for k = 6, #KEYS, 4 do
  replace(KEYS[k], KEYS[k + 2])
  replace(KEYS[k + 1], KEYS[k + 3])
  local next = tonumber(ARGV[at + 1])
  pools[ARGV[at]] = {free = KEYS[k], held = KEYS[k + 1], next = next}
  if next > 0 then redis.call('HSET', meta, 'next:' .. ARGV[at], next) end
  at = at + 2
end
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], ARGV[3], '+inf')) do
  local type, unit = string.match(entry, '^([^\n]+)\n(.+)$')
  local pool = pools[type]
  if pool then
    redis.call('HDEL', pool.held, unit)
    local place = string.sub(unit, 1, 2) == 'g/' and string.match(unit, '([^/]+)$') or nil
    if not place then
      redis.call('SADD', pool.free, unit)
    elseif tonumber(place) < pool.next then
      redis.call('SADD', pool.free, place)
    end
  end
end
redis.call('HSET', meta, 'built', ARGV[1], 'version', ARGV[2])
redis.call('DEL', KEYS[1])
return 1
