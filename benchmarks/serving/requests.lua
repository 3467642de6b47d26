-- For wrk: wrk ... URL -- PATH [FILE]
-- With a file, each of its lines is POSTed in turn; without one, PATH is got. The last line printed is JSON.

local ready, turn = {}, 0

function init(arguments)
  local path, file = arguments[1], arguments[2]
  if not file then
    ready[1] = wrk.format("GET", path)
    return
  end
  wrk.headers["Content-Type"] = "application/json"
  for line in io.lines(file) do
    ready[#ready + 1] = wrk.format("POST", path, nil, line)
  end
end

function request()
  turn = turn % #ready + 1
  return ready[turn]
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.status + summary.errors.timeout
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "failed": %d, "p50_ms": %.4f, "p99_ms": %.4f}\n',
    summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
