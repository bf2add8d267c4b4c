import {
  type DirectWrite,
  type EntityChange,
  type EntityKey,
  type EntityRemoval,
  REMEMBERED_WRITES,
  type StoredValue,
} from "@fabra/core/adapter"
import { ENTITIES, TARGETS, TTL_MS } from "./plan.js"
import type { Master } from "./server.js"
import { PARTITIONS, type World } from "./world.js"

/** A record of the simulated cache. Never changed in place, so that older versions stay what they were. */
export interface SimulatedRecord {
  readonly values: Readonly<Record<string, StoredValue>>
  readonly groups: Readonly<Record<string, { token: string; state: string; flags: readonly string[] }>>
  readonly lastWrites: readonly string[]
  /** For the check alone: all that was ever added to each list, also what a direct write has replaced since. */
  readonly history: Readonly<Record<string, readonly string[]>>
}

/** The feature on schedule. Its value tells of each turn how many events it had seen. */
export const SCHEDULED = "s1"

/** A record never written. */
export const EMPTY: SimulatedRecord = { values: {}, groups: {}, lastWrites: [], history: {} }

/** Under which name a server has the record of an entity. */
export function recordName({ entityType, entityId }: EntityKey): string {
  return `record/${entityType}/${entityId}`
}

/** Two entities of one partition are in different shards, and the other way round. */
export function shardOf(entityId: string): number {
  if (TARGETS.includes(entityId)) return TARGETS.indexOf(entityId) % PARTITIONS
  return Math.abs(ENTITIES.indexOf(entityId) >> 1) % PARTITIONS
}

/** What removals have left on one server. */
export interface SimulatedTombstones {
  readonly token: string | undefined
  readonly states: Readonly<Record<string, string>>
}

/** Before anything was removed. */
export const NO_TOMBSTONES: SimulatedTombstones = { token: undefined, states: {} }

/** What removals have left on a server. */
export function tombstonesOn(master: Master): SimulatedTombstones {
  return master.get<SimulatedTombstones>("tombstones") ?? NO_TOMBSTONES
}

/** The token of the version that a group reads. @param removal token of the last removal, which stands for one not there */
export function effectiveVersion(
  { groups, lastWrites }: SimulatedRecord,
  group: string,
  removal: string | undefined,
): string | null {
  const own = groups[group]?.token ?? (removal && `~${removal}`)
  const [lastWrite] = lastWrites
  return own === undefined && lastWrite === undefined ? null : `${own ?? ""}/${lastWrite ?? ""}`
}

/** Applies a change if its base is still the record's version; returns the new token, `undefined` for a conflict. */
export function commitOn(world: World, master: Master, change: EntityChange, by: string): string | undefined {
  const { key, group, baseVersion, token, state, values = new Map(), addFlags = [], removeFlags = [] } = change
  const before = master.get<SimulatedRecord>(recordName(key)) ?? EMPTY
  const removal = tombstonesOn(master).token
  if (effectiveVersion(before, group, removal) !== baseVersion) return undefined
  for (const [name, value] of values)
    if (name === SCHEDULED && value !== null) checkSeen(world, key.entityId, before, value)
  const flags = (before.groups[group]?.flags ?? []).filter((flag) => !removeFlags.includes(flag))
  const after = {
    ...withValues(before, values, { replacing: false, ages: world.configuration.ageing }),
    groups: { ...before.groups, [group]: { token, state, flags: [...new Set([...flags, ...addFlags])] } },
  }
  master.set(recordName(key), after)
  world.tell(() => {
    const set = [...values].map(([name, value]) => `${name}=${value?.text}`)
    return [
      `${by} commits ${key.entityId} on ${master.name}: ${state} ${set.join(" ")}`,
      ...addFlags.map((flag) => `+${flag}`),
      ...removeFlags.map((flag) => `-${flag}`),
    ].join(" ")
  })
  return effectiveVersion(after, group, removal) as string
}

/** All tokens of a record, of which whoever changes it changes one; `null` when there is none. */
export function versionOf({ groups, lastWrites }: SimulatedRecord): string | null {
  const tokens = Object.entries(groups).map(([group, { token }]) => [group, token])
  return tokens.length + lastWrites.length === 0 ? null : JSON.stringify([tokens, lastWrites[0]])
}

/** Removes a record if it and the tombstones are as they were; whether it did. */
export function removeOn(world: World, master: Master, removal: EntityRemoval, by: string): boolean {
  const { key, version, token, tombstones } = removal
  const record = master.get<SimulatedRecord>(recordName(key)) ?? EMPTY
  const { states } = tombstonesOn(master)
  const fits = tombstones.every(({ group, before, after }) => [before, after].includes(states[group] ?? null))
  if (!fits || versionOf(record) !== version) return false
  master.set(recordName(key), { ...EMPTY, history: record.history })
  const left = Object.fromEntries(tombstones.map(({ group, after }) => [group, after]))
  master.set("tombstones", { token, states: { ...states, ...left } })
  world.tell(() => `${by} removes ${key.entityId} on ${master.name}, leaving ${JSON.stringify(left)}`)
  return true
}

/** Whether a server has a record of the entity. */
export function isOn(master: Master, key: EntityKey): boolean {
  return versionOf(master.get<SimulatedRecord>(recordName(key)) ?? EMPTY) !== null
}

/** What is committed on schedule has seen every event that is in the record. */
function checkSeen(world: World, entityId: string, before: SimulatedRecord, value: StoredValue): void {
  const [turn, seen] = listOf(value).at(-1)?.split("/") ?? []
  const events = listOf(before.values.a1).length
  if (Number(seen) === events) return
  world.violated("lost", `turn ${turn} of ${entityId} has seen ${seen} of ${events} events`)
}

/** Applies a direct write. */
export function writeOn(world: World, master: Master, { key, token, values }: DirectWrite): void {
  const before = master.get<SimulatedRecord>(recordName(key)) ?? EMPTY
  if (before.lastWrites.includes(token)) return
  const lastWrites = [token, ...before.lastWrites].slice(0, REMEMBERED_WRITES)
  master.set(recordName(key), { ...withValues(before, values, { replacing: true }), lastWrites })
  world.tell(() => {
    const set = [...values].map(([name, value]) => `${name}=${value?.text}`)
    return `direct write of ${key.entityId} on ${master.name}: ${set.join(" ")}`
  })
}

function withValues(
  before: SimulatedRecord,
  values: DirectWrite["values"],
  { replacing, ages = false }: { readonly replacing: boolean; readonly ages?: boolean | undefined },
): SimulatedRecord {
  const next: Record<string, StoredValue> = { ...before.values }
  const history: Record<string, readonly string[]> = { ...before.history }
  for (const [name, value] of values) {
    if (value === null) continue
    const was = before.values[name]
    const old = listOf(was)
    // A field of a state stays as it is, however old: only the record as a whole ages.
    const outlives = ages && !name.includes("~") && was !== undefined && value.computedAt - was.computedAt >= TTL_MS
    const replaces = replacing || outlives
    const list = listOf(value)
    let common = 0
    while (!replaces && common < old.length && old[common] === list[common]) common++
    const known = history[name] ?? []
    // What a handler's value does not build on is gone, unlike what a direct write replaces or has outlived its ttl.
    const kept = replaces ? known : known.slice(0, known.length - (old.length - common))
    history[name] = [...kept, ...list.slice(common)]
    next[name] = value
  }
  return { ...before, values: next, history }
}

/** Every value of a simulation is a list of ids. */
export function listOf(value: StoredValue | undefined): readonly string[] {
  return value === undefined ? [] : (JSON.parse(value.text) as string[])
}
