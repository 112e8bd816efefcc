-- KEYS: meta, then per pool: free, held. ARGV: per pool: type id, size (0 for seats)
if not redis.call('HGET', KEYS[1], 'built') then return false end
local answer, at = {}, 1
for k = 2, #KEYS, 2 do
  local free, size = redis.call('SCARD', KEYS[k]), tonumber(ARGV[at + 1])
  if size > 0 then
    free = free + size - tonumber(redis.call('HGET', KEYS[1], 'next:' .. ARGV[at]) or '1') + 1
  end
  answer[#answer + 1] = free
  answer[#answer + 1] = redis.call('HLEN', KEYS[k + 1])
  at = at + 2
end
return answer
