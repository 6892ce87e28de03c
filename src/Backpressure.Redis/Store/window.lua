-- One decision of a window of segments; a fixed window has one. KEYS[1]: "start c1 c2 …", when the current segment began, and the
-- permits given in it and in those before it.
-- ARGV: permits, a segment's length in microseconds, segments; tests add the time.
local permits, length, segments = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local start, counts, given, changed = now, {}, 0, false
for i = 1, segments do
  counts[i] = 0
end

local kept = redis.call('GET', KEYS[1])
if kept then
  local passed, at = 0, 0
  for number in string.gmatch(kept, '%d+') do
    if at == 0 then
      start = tonumber(number)
      if now < start then
        -- The clock was set back: the segment begins again, and what was given stays given.
        start, changed = now, true
      end

      passed = math.floor((now - start) / length)
      start = start + passed * length
    elseif at + passed <= segments then
      counts[at + passed] = tonumber(number)
      given = given + counts[at + passed]
    end

    at = at + 1
  end
end

if given == 0 then
  -- Nothing counts any more: a key's first window begins with its first request.
  start = now
end

local acquired = 0
if given < permits then
  acquired, changed, given = 1, true, given + 1
  counts[1] = counts[1] + 1
end

local newest, oldest = 0, 0
for i = 1, segments do
  if counts[i] > 0 then
    oldest = i
    if newest == 0 then
      newest = i
    end
  end
end

if changed then
  -- Forgotten when all have been given back. 2 ms more, since TIME and expiry may differ by that.
  local expiry = math.ceil((start + (segments - newest + 1) * length - now) / 1000) + 2
  redis.call(
    'SET', KEYS[1], string.format('%.0f ', start) .. table.concat(counts, ' ', 1, oldest), 'PX', string.format('%.0f', expiry))
end

return { acquired, permits - given, start + (segments - oldest + 1) * length - now }
