-- KEYS: any, so that a Cluster asks the node that holds them
return redis.call('INFO')
