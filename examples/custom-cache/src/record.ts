import { type DirectWrite, type EntityChange, REMEMBERED_WRITES, type StoredValue } from "@fabra/core/adapter"

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

const EMPTY: Stored = { values: [], groups: [], writes: [] }

/** What of a record is a group's. */
export const partOf = ({ groups }: Stored, group: string): GroupPart | undefined =>
  groups.find(([name]) => name === group)?.[1]

/**
 * The version that a group sees: its own last commit and the last direct write, since either makes a version new.
 */
export function groupVersionOf(stored: Stored | undefined, group: string): string | null {
  const own = stored && partOf(stored, group)?.token
  const lastWrite = stored?.writes[0]
  return own === undefined && lastWrite === undefined ? null : `${own ?? ""}\n${lastWrite ?? ""}`
}

/** The record with a group's change in it; `undefined` when the change was computed from another version. */
export function withChange(found: Stored | undefined, change: EntityChange): Stored | undefined {
  const { group, baseVersion, token, state, values = new Map(), addFlags = [], removeFlags = [] } = change
  if (groupVersionOf(found, group) !== baseVersion) return undefined
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

function withValues(stored: Stored, changed: DirectWrite["values"]): Stored["values"] {
  const values = new Map(stored.values)
  for (const [feature, value] of changed) {
    if (value === null) values.delete(feature)
    else values.set(feature, value)
  }
  return [...values]
}
