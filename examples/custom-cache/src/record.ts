import {
  type DirectWrite,
  type EntityChange,
  type EntityRemoval,
  REMEMBERED_WRITES,
  type StoredValue,
} from "@fabra/core"

/**
 * An entity's record as it lies in the file, as JSON. Lists of pairs and no objects: a feature may be called `__proto__`.
 */
export interface Stored {
  readonly values: readonly (readonly [feature: string, value: StoredValue])[]
  readonly groups: readonly (readonly [group: string, part: GroupPart])[]
  /** Tokens of the last direct writes, newest first. */
  readonly writes: readonly string[]
}

/** What a record holds for one group. */
export interface GroupPart {
  readonly token: string
  readonly state: string
  readonly flags: readonly string[]
}

/** What removals have left in the place of records. */
export interface Left {
  /** Token of the last removal. */
  readonly token: string
  readonly states: readonly (readonly [group: string, state: string])[]
}

const EMPTY: Stored = { values: [], groups: [], writes: [] }

/** What of a record is a group's. */
export const partOf = ({ groups }: Stored, group: string): GroupPart | undefined =>
  groups.find(([name]) => name === group)?.[1]

/**
 * The token a group sees: either its own commit or a direct write makes another version of it. Without a part of its
 * own, the last removal does too.
 */
export function groupVersionOf(stored: Stored | undefined, group: string, left: Left | undefined): string | null {
  const own = (stored && partOf(stored, group)?.token) ?? (left && `removal ${left.token}`)
  const lastWrite = stored?.writes[0]
  return own === undefined && lastWrite === undefined ? null : `${own ?? ""}\n${lastWrite ?? ""}`
}

/** The record with a group's change in it; `undefined` when the change was computed from another version. */
export function withChange(
  found: Stored | undefined,
  change: EntityChange,
  left: Left | undefined,
): Stored | undefined {
  const { group, baseVersion, token, state, values = new Map(), addFlags = [], removeFlags = [] } = change
  if (groupVersionOf(found, group, left) !== baseVersion) return undefined
  const stored = found ?? EMPTY
  const flags = new Set(partOf(stored, group)?.flags)
  for (const flag of removeFlags) flags.delete(flag)
  for (const flag of addFlags) flags.add(flag)
  const groups = new Map(stored.groups).set(group, { token, state, flags: [...flags] })
  return { ...stored, groups: [...groups], values: withValues(stored, values) }
}

/** The record with a direct write in it; `undefined` when it has it already. */
export function withWrite(found: Stored | undefined, { token, values }: DirectWrite): Stored | undefined {
  const stored = found ?? EMPTY
  if (stored.writes.includes(token)) return undefined
  const writes = [token, ...stored.writes].slice(0, REMEMBERED_WRITES)
  return { ...stored, writes, values: withValues(stored, values) }
}

/** All tokens of a record, of which whoever writes changes one; `null` when there is none. */
export function versionOf(stored: Stored | undefined): string | null {
  if (stored === undefined) return null
  return JSON.stringify([stored.groups.map(([group, { token }]) => [group, token]), stored.writes[0]])
}

/** What is left when the record is removed; `undefined` when it may not be: it or what is left has changed. */
export function withoutRecord(
  found: Stored | undefined,
  { version, token, tombstones }: EntityRemoval,
  left: Left | undefined,
): Left | undefined {
  if (versionOf(found) !== version) return undefined
  const states = new Map(left?.states)
  for (const { group, before, after } of tombstones) {
    const now = states.get(group) ?? null
    if (now !== before && now !== after) return undefined
    states.set(group, after)
  }
  return { token, states: [...states] }
}

function withValues(stored: Stored, changed: DirectWrite["values"]): Stored["values"] {
  const values = new Map(stored.values)
  for (const [feature, value] of changed) {
    if (value === null) values.delete(feature)
    else values.set(feature, value)
  }
  return [...values]
}
