import { LUA_STREAMS } from "./lua.js"
import { Script } from "./script.js"

/** The answer to one event: `+id` appended, `=id` accepted before, empty: refused, the stream is full. */
export type AppendAnswer = string

/**
 * Appends events to one partition, each at most once within the dedupe window: sending the same call again is safe, as
 * long as the window is not 0. When there is no room, or no memory, what every group has settled makes way.
 *
 * Keys: the stream, then one dedupe key per event unless the window is 0. Arguments: the window, the longest stream, then
 * the data of each event.
 */
export const appendScript = new Script<AppendAnswer[]>(`${LUA_STREAMS}
local stream, window, max = KEYS[1], ARGV[1], tonumber(ARGV[2])
local has_window = tonumber(window) > 0
local room = max - redis.call('XLEN', stream)
local has_trimmed = false
local function trim()
  if has_trimmed then return 0 end
  has_trimmed = true
  local settled = settled_end(stream)
  return settled and redis.call('XTRIM', stream, 'MINID', '=', settled) or 0
end
local answers = {}
for i = 3, #ARGV do
  local before = has_window and redis.call('GET', KEYS[i - 1])
  if room <= 0 and not before then room = room + trim() end
  if before then
    answers[i - 2] = '=' .. before
  elseif room <= 0 then
    answers[i - 2] = ''
  else
    local id = redis.pcall('XADD', stream, '*', 'data', ARGV[i])
    if id.err and string.find(id.err, 'OOM', 1, true) and trim() > 0 then
      id = redis.pcall('XADD', stream, '*', 'data', ARGV[i])
    end
    if id.err then return id end
    if has_window then redis.call('SET', KEYS[i - 1], id, 'PX', window) end
    room = room - 1
    answers[i - 2] = '+' .. id
  end
end
return answers
`)
