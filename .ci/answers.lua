-- Counts wrk's answers by status, and the refusals that say when to come back.
-- Prints: answers: SECONDS OK UNAVAILABLE WITH_RETRY_AFTER OTHERS ERRORS
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  ok, unavailable, retry, other = 0, 0, 0, 0
end

function response(status, headers, body)
  if status == 200 then
    ok = ok + 1
  elseif status == 503 then
    unavailable = unavailable + 1
    local after = tonumber(headers["Retry-After"])
    if after and after >= 1 and after <= 30 then
      retry = retry + 1
    end
  else
    other = other + 1
  end
end

function done(summary, latency, requests)
  local sums = { ok = 0, unavailable = 0, retry = 0, other = 0 }
  for _, thread in ipairs(threads) do
    for name, sum in pairs(sums) do
      sums[name] = sum + thread:get(name)
    end
  end
  local e = summary.errors
  print(string.format("answers: %d %d %d %d %d %d", math.ceil(summary.duration / 1000000),
    sums.ok, sums.unavailable, sums.retry, sums.other, e.connect + e.read + e.write + e.timeout))
end
