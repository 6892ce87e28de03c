-- One decision of a token bucket. KEYS[1]: the bucket, as "level since".
-- ARGV: tokens it holds, tokens a period, the period in microseconds; tests add the time.
local capacity, added, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

-- A token is `period` units, and a microsecond brings `added` of them: all are whole numbers below 2^53, and so exact.
local full = capacity * period
local level, changed = full, false
local kept = redis.call('GET', KEYS[1])
if kept then
  local before, since = string.match(kept, '^(%d+) (%d+)$')
  level, since = tonumber(before), tonumber(since)
  if now >= since then
    level = math.min(full, level + (now - since) * added)
  else
    -- The clock was set back: nothing has come meanwhile, and it fills from here.
    changed = true
  end
end

local acquired = 0
if level >= period then
  acquired, changed, level = 1, true, level - period
end

if changed then
  -- Forgotten when it would be full again: a new one is its equal. 2 ms more, since TIME and expiry may differ by that.
  local expiry = math.ceil((full - level) / added / 1000) + 2
  redis.call('SET', KEYS[1], string.format('%.0f %.0f', level, now), 'PX', string.format('%.0f', expiry))
end

local more = 0
if level < full then
  more = math.ceil((period - level % period) / added)
end

return { acquired, math.floor(level / period), more }
