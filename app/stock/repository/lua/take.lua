-- Takes units over all pools or none. Proposes only: the insert of the order decides.
-- A seat that this same order holds already is given again: two workers may revive one order.
-- KEYS: meta, due, mark, window, crowd, check, poked, then per pool: free, held
-- ARGV: version, order id, deadline ms, now ms, mark ttl ms (0: no key given),
--       window limit (0: none), crowd limit (0: none), window ms, check gate ms, then per pool:
--       type id, size, quantity, number of seats, seat...
local meta, due, mark, window, crowd = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local check, poked = KEYS[6], KEYS[7]
local order, now = ARGV[2], tonumber(ARGV[4])

local built = redis.call('HMGET', meta, 'built', 'version')
if not built[1] then return {'rebuild'} end
if built[2] ~= ARGV[1] then return {'stale', built[2]} end

-- The caller first: who has had enough does not use up what others at the same address have.
local function used_up(name, limit)
  if limit == 0 then return nil end
  local count = redis.call('INCR', name)
  if count == 1 then redis.call('PEXPIRE', name, ARGV[8]) end
  if count > limit then return {'limited', redis.call('PTTL', name), limit} end
end
local limited = used_up(window, tonumber(ARGV[6])) or used_up(crowd, tonumber(ARGV[7]))
if limited then return limited end
if tonumber(ARGV[5]) > 0 and not redis.call('SET', mark, order, 'NX', 'PX', ARGV[5])
    and redis.call('GET', mark) ~= order then
  return {'in_progress'}
end

-- Ids of orders past their deadline, put back for two seconds so that one caller looks at each.
local function overdue(ids)
  for _, id in ipairs(ids) do redis.call('ZADD', due, 'XX', now + 2000, id) end
  return ids
end

local function refuse(answer)
  if tonumber(ARGV[5]) > 0 then redis.call('DEL', mark) end
  return answer
end

local pools, at = {}, 10
for k = 8, #KEYS, 2 do
  local pool = {free = KEYS[k], held = KEYS[k + 1], type = ARGV[at], size = tonumber(ARGV[at + 1]),
                quantity = tonumber(ARGV[at + 2]), seats = {}}
  local seats = tonumber(ARGV[at + 3])
  for i = 1, seats do pool.seats[i] = ARGV[at + 3 + i] end
  at = at + 4 + seats
  pools[#pools + 1] = pool
end

for _, pool in ipairs(pools) do
  for _, seat in ipairs(pool.seats) do
    local holder = redis.call('HGET', pool.held, seat)
    if holder ~= order and redis.call('SISMEMBER', pool.free, seat) == 0 then
      local ids = {}
      local deadline = holder and redis.call('ZSCORE', due, holder)
      if deadline and tonumber(deadline) <= now then ids = overdue({holder}) end
      local first = redis.call('SET', check, '1', 'NX', 'PX', ARGV[9])
      return refuse({'seat_taken', seat, first and 1 or 0, ids})
    end
  end
  if pool.quantity > 0 then
    pool.next = tonumber(redis.call('HGET', meta, 'next:' .. pool.type) or '1')
    pool.returned = redis.call('SCARD', pool.free)
    if pool.returned + pool.size - pool.next + 1 < pool.quantity then
      local first = redis.call('SET', check, '1', 'NX', 'PX', ARGV[9])
      local ids = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 50)
      return refuse({'sold_out', pool.type, first and 1 or 0, overdue(ids)})
    end
  end
end

local units = {}
local function keep(pool, unit)
  redis.call('HSET', pool.held, unit, order)
  units[#units + 1] = unit
end
for _, pool in ipairs(pools) do
  for _, seat in ipairs(pool.seats) do
    redis.call('SREM', pool.free, seat)
    keep(pool, seat)
  end
  if pool.quantity > 0 then
    local prefix = 'g/' .. pool.type .. '/'
    local missing = pool.quantity
    if pool.returned > 0 then
      for _, number in ipairs(redis.call('SPOP', pool.free, missing)) do
        keep(pool, prefix .. number)
        missing = missing - 1
      end
    end
    if missing > 0 then
      for number = pool.next, pool.next + missing - 1 do keep(pool, prefix .. number) end
      redis.call('HSET', meta, 'next:' .. pool.type, pool.next + missing)
    end
  end
end
redis.call('ZADD', due, ARGV[3], order)
-- Once in a while is enough: the relay gathers for longer than this before it reads.
if redis.call('SET', poked, '1', 'NX', 'PX', 20) then redis.call('PUBLISH', 'usher:poke', 'relay') end
return {'taken', units}
