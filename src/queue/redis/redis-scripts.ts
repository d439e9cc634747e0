import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';

/** A client of a single server or of a cluster: both have the same commands. */
export type RedisCommands = Redis | Cluster;
export type ScriptName = keyof typeof redisScripts;
export type ScriptArgument = string | number;

/** Runs one of our scripts by its hash, or by its text if the server does not know it (first use, after a restart). */
export async function runRedisScript(
  redis: RedisCommands,
  name: ScriptName,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  const lua = redisScripts[name];
  const hash = hashes.get(name) ?? createHash('sha1').update(lua).digest('hex');
  hashes.set(name, hash);
  try {
    return await redis.evalsha(hash, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(lua, keys.length, ...keys, ...args);
  }
}

const hashes = new Map<ScriptName, string>();

/**
 * Our Lua scripts on BullMQ's keys. Each is atomic. Their fields in the job's hash start with `tf:` and are deleted
 * with the job. All keys of a script have the same hash tag if the prefix has one (`{thinkfirst}`), as Redis Cluster
 * requires.
 */

/** KEYS job logs lock pace expiry wait delayed completed prioritized outbox; ARGV id token expected status now expiresAt notify channel rows… */
const append = `
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
for i = 9, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
if status ~= '' then
  redis.call('HSET', KEYS[1], 'tf:status', status)
  redis.call('LPUSH', KEYS[4], ARGV[5])
  redis.call('LTRIM', KEYS[4], 0, 49)
  if ARGV[7] == '1' then redis.call('ZADD', KEYS[10], ARGV[5], id) end
  redis.call('ZADD', KEYS[5], redis.call('HEXISTS', KEYS[1], 'tf:forgotten') == 1 and 0 or ARGV[6], id)
  if token == '' then
    local taken = redis.call('LREM', KEYS[6], 1, id) + redis.call('ZREM', KEYS[7], id) + redis.call('ZREM', KEYS[9], id)
    if taken > 0 then
      redis.call('ZADD', KEYS[8], ARGV[5], id)
      redis.call('HSET', KEYS[1], 'finishedOn', ARGV[5], 'returnvalue', 'null')
    end
  end
end
local notice, rows = 'log ' .. id .. ' ' .. redis.call('LLEN', KEYS[2]), table.concat(ARGV, '\\n', 9)
if #rows <= 4096 then notice = notice .. '\\n' .. rows end
redis.call('PUBLISH', ARGV[8], notice)
return 'appended'
`;

/**
 * KEYS job logs lock wait failed prioritized; ARGV id. Returns data, progress, attempts, token, failed, position,
 * length, terminal row, flags.
 */
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

/** KEYS jobs. Returns the places, from 1, of those that exist and that no one has removed. */
const existing = `
local found = {}
for place, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 and redis.call('HEXISTS', key, 'tf:forgotten') == 0 then table.insert(found, place) end
end
return found
`;

/** KEYS job logs; ARGV from to. */
const log = `
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'tf:forgotten') == 1 then return false end
return { redis.call('HEXISTS', KEYS[1], 'tf:status'), redis.call('LRANGE', KEYS[2], ARGV[1], ARGV[2]) }
`;

/** KEYS job lock; ARGV id command channel. */
const mark = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 'missing' end
if redis.call('HEXISTS', KEYS[1], 'tf:status') == 1 then return 'ended' end
if redis.call('EXISTS', KEYS[2]) == 0 then return 'not_running' end
redis.call('HSET', KEYS[1], 'tf:' .. ARGV[2], 1)
redis.call('PUBLISH', ARGV[3], 'control ' .. ARGV[1] .. ' ' .. ARGV[2])
return 'marked'
`;

/** KEYS job expiry; ARGV id channel. */
const forget = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'tf:forgotten', 1)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('PUBLISH', ARGV[2], 'log ' .. ARGV[1])
return 1
`;

/** KEYS job; ARGV nonce queue channel. Also notifies workers of the job. */
const created = `
redis.call('PUBLISH', ARGV[3], 'waiting ' .. ARGV[2])
local data = redis.call('HGET', KEYS[1], 'data')
return data and string.find(data, ARGV[1], 1, true) and 1 or 0
`;

/** KEYS job; ARGV losses work. Returns how many workers in a row were lost without progress of the log. */
const lose = `
local known = redis.call('HMGET', KEYS[1], 'tf:losses', 'tf:work', 'tf:fruitless')
local streak = tonumber(known[3] or '0')
if tonumber(ARGV[1]) > tonumber(known[1] or '0') then
  streak = tonumber(ARGV[2]) > tonumber(known[2] or '0') and 1 or streak + 1
  redis.call('HSET', KEYS[1], 'tf:losses', ARGV[1], 'tf:work', ARGV[2], 'tf:fruitless', streak)
end
return streak
`;

/**
 * KEYS failed watermark; ARGV job key prefix, limit. Failed jobs without a terminal line, oldest first. Jobs before the
 * watermark have their terminal lines and are not checked again.
 */
const unsettled = `
local from = redis.call('GET', KEYS[2]) or '-inf'
local entries = redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1000)
local found, mark = {}, from
for i = 1, #entries, 2 do
  if redis.call('HEXISTS', ARGV[1] .. entries[i], 'tf:status') == 0 then
    if #found < tonumber(ARGV[2]) then table.insert(found, entries[i]) end
  elseif #found == 0 then
    mark = entries[i + 1]
  end
end
if mark ~= from then redis.call('SET', KEYS[2], mark) end
return found
`;

/** KEYS places queues owners wait prioritized fair pace; ARGV id owner createdAt queue maxWaiting maxOfOwner lastPriority. */
const claim = `
local id, owner, queue = ARGV[1], ARGV[2], ARGV[4]
local place = redis.call('HGET', KEYS[1], id) or nil
local waiting = redis.call('LLEN', KEYS[4]) + redis.call('ZCARD', KEYS[5])
local head = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
local served, last = 0, 0
if head[2] then
  served = math.floor(tonumber(head[2]) / 4294967296)
  last = tonumber(redis.call('HGET', KEYS[6], owner) or '0')
else
  redis.call('DEL', KEYS[6])
end
local priority = math.max(served, last + 1, 1)
if not place then
  local full = waiting >= tonumber(ARGV[5]) and 'queue' or (priority - math.max(served, 1) >= tonumber(ARGV[6]) and 'owner') or nil
  if full then return { 'full', full, waiting, redis.call('LRANGE', KEYS[7], 0, -1) } end
  redis.call('HSET', KEYS[1], id, queue)
  redis.call('SADD', KEYS[2], queue)
  redis.call('ZADD', KEYS[3], 'NX', ARGV[3], id)
end
priority = math.min(priority, tonumber(ARGV[7]))
if not place then redis.call('HSET', KEYS[6], owner, priority) end
return { place and 'old' or 'new', place or queue, priority, {} }
`;

/** KEYS places; ARGV id from to. */
const reclaim = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`;

const redisScripts = { append, read, existing, log, mark, forget, created, unsettled, lose, claim, reclaim } as const;
