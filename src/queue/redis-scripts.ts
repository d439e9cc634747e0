/**
 * Our own Lua scripts on BullMQ's keys. Each is atomic; its fields in the job's hash start with `tf:` and so go with the
 * job. Every key of a script has the same hash tag when the prefix has one (`{thinkfirst}`), as Redis Cluster asks.
 */

/** Publishes to BullMQ's event stream, which every process's QueueEvents reads. */
const publish = `
local function publish(key, ...)
  redis.call('XADD', key, 'MAXLEN', '~', 10000, '*', ...)
end
`;

/** KEYS job logs lock events expiry wait delayed completed prioritized; ARGV id token expected status now expiresAt rows… */
const append = `${publish}
local id, token, status = ARGV[1], ARGV[2], ARGV[4]
if redis.call('EXISTS', KEYS[1]) == 0 then return 'missing' end
if redis.call('HEXISTS', KEYS[1], 'tf:status') == 1 then return 'ended' end
local lock = redis.call('GET', KEYS[3])
if token ~= '' then
  if lock ~= token then return 'lost' end
elseif lock then
  return 'running'
end
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[3]) then return 'moved' end
for i = 7, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
if status ~= '' then
  redis.call('HSET', KEYS[1], 'tf:status', status)
  redis.call('ZADD', KEYS[5], redis.call('HEXISTS', KEYS[1], 'tf:forgotten') == 1 and 0 or ARGV[6], id)
  if token == '' then
    local taken = redis.call('LREM', KEYS[6], 1, id) + redis.call('ZREM', KEYS[7], id) + redis.call('ZREM', KEYS[9], id)
    if taken > 0 then
      redis.call('ZADD', KEYS[8], ARGV[5], id)
      redis.call('HSET', KEYS[1], 'finishedOn', ARGV[5], 'returnvalue', 'null')
    end
  end
end
publish(KEYS[4], 'event', 'log', 'jobId', id)
return 'appended'
`;

/** KEYS job logs lock wait failed prioritized; ARGV id. Gives data, progress, attempts, token, failed, position, length, terminal row, flags. */
const read = `
local hash = redis.call('HMGET', KEYS[1], 'data', 'progress', 'ats', 'tf:status', 'tf:cancel', 'tf:answer_now', 'tf:forgotten')
if not hash[1] then return false end
local lock = redis.call('GET', KEYS[3]) or ''
local position = -1
local terminal = ''
if hash[4] then
  terminal = redis.call('LINDEX', KEYS[2], -1)
elseif lock == '' then
  local index = redis.call('LPOS', KEYS[4], ARGV[1], 'RANK', -1)
  local rank = redis.call('ZRANK', KEYS[6], ARGV[1])
  if index then position = redis.call('LLEN', KEYS[4]) - 1 - index end
  if rank then position = redis.call('LLEN', KEYS[4]) + rank end
end
local failed = redis.call('ZSCORE', KEYS[5], ARGV[1]) and 1 or 0
return { hash[1], hash[2] or '', tonumber(hash[3] or '0'), lock, failed, position, redis.call('LLEN', KEYS[2]),
  terminal, hash[5] and 1 or 0, hash[6] and 1 or 0, hash[7] and 1 or 0 }
`;

/** KEYS job logs; ARGV from to. */
const log = `
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'tf:forgotten') == 1 then return false end
return { redis.call('HEXISTS', KEYS[1], 'tf:status'), redis.call('LRANGE', KEYS[2], ARGV[1], ARGV[2]) }
`;

/** KEYS job lock events; ARGV id command. */
const mark = `${publish}
if redis.call('EXISTS', KEYS[1]) == 0 then return 'missing' end
if redis.call('HEXISTS', KEYS[1], 'tf:status') == 1 then return 'ended' end
if redis.call('EXISTS', KEYS[2]) == 0 then return 'not_running' end
redis.call('HSET', KEYS[1], 'tf:' .. ARGV[2], 1)
publish(KEYS[3], 'event', 'control', 'jobId', ARGV[1], 'command', ARGV[2])
return 'marked'
`;

/** KEYS job expiry owner events; ARGV id. */
const forget = `${publish}
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'tf:forgotten', 1)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
publish(KEYS[4], 'event', 'log', 'jobId', ARGV[1])
return 1
`;

/** KEYS job; ARGV nonce. */
const created = `
local data = redis.call('HGET', KEYS[1], 'data')
return data and string.find(data, ARGV[1], 1, true) and 1 or 0
`;

/** KEYS failed; ARGV job key prefix, limit. Failed jobs that never got a terminal line, oldest first. */
const unsettled = `
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('HEXISTS', ARGV[1] .. id, 'tf:status') == 0 then table.insert(found, id) end
  if #found >= tonumber(ARGV[2]) then break end
end
return found
`;

export const redisScripts = {
  append: { keys: 9, lua: append },
  read: { keys: 6, lua: read },
  log: { keys: 2, lua: log },
  mark: { keys: 3, lua: mark },
  forget: { keys: 4, lua: forget },
  created: { keys: 1, lua: created },
  unsettled: { keys: 1, lua: unsettled },
} as const;
