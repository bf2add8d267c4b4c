/**
 * Lua that several scripts share. Stream ids are compared by their two numbers; as doubles these are exact far beyond
 * what a clock in milliseconds and a counter within one millisecond reach.
 *
 * `make_group(key, group, id)`: creates a group that begins after `id`, and the stream if need be; answers which. It writes
 * nothing first, as `leaseScript` does, so that a group can be made when memory is full. A group that begins at the oldest entry
 * is told how many were removed before, so that it misses none of these, and every one that goes later.
 *
 * `raise(key, id)`: makes sure that the stream gives no id up to `id` any more, which somebody may remember of an earlier
 * stream of this name; true when it could have, so that the stream is another one.
 *
 * `settled_end(key)`: the id after the last entry that every group has settled, `nil` when there is no group or one has
 * settled nothing: then nothing may be trimmed.
 */
export const LUA_STREAMS = `
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local function is_before(a, b)
  local a_ms, a_seq = parts(a)
  local b_ms, b_seq = parts(b)
  return a_ms < b_ms or (a_ms == b_ms and a_seq < b_seq)
end
local function fields_of(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end
local function groups_of(key)
  if redis.call('EXISTS', key) == 0 then return {} end
  local groups = redis.call('XINFO', 'GROUPS', key)
  for i = 1, #groups do groups[i] = fields_of(groups[i]) end
  return groups
end
local function find_group(key, name)
  for _, group in ipairs(groups_of(key)) do
    if group.name == name then return group end
  end
end
local function make_group(key, group, id)
  local answer = redis.call('EXISTS', key) == 1 and 'group' or 'stream'
  redis.call('XDEL', key, '0-1')
  local read = {}
  if id == '0' then
    local info = answer == 'group' and fields_of(redis.call('XINFO', 'STREAM', key))
    read = { 'ENTRIESREAD', info and info['entries-added'] - info.length or 0 }
  end
  redis.call('XGROUP', 'CREATE', key, group, id, 'MKSTREAM', unpack(read))
  return answer
end
local function raise(key, id)
  if not is_before(fields_of(redis.call('XINFO', 'STREAM', key))['last-generated-id'], id) then return false end
  redis.call('XSETID', key, id)
  return true
end
local function settled_end(key)
  local slowest = nil
  for _, group in ipairs(groups_of(key)) do
    local id = group['last-delivered-id']
    if slowest == nil or is_before(id, slowest) then slowest = id end
  end
  if slowest == nil or slowest == '0-0' then return nil end
  local ms, seq = parts(slowest)
  return string.format('%.0f-%.0f', ms, seq + 1)
end
local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
`
