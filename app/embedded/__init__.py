"""Real mongod and redis-server, started as child processes when no URL is given."""
