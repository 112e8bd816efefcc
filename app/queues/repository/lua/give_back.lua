-- Takes the counter back by one, if nobody has been given a number since.   KEYS: counter   ARGV: number
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DECR', KEYS[1]) end
return 0
