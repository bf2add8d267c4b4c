import type { FeatureCache } from "@fabra/core"
import { type EntityKey, newToken } from "@fabra/core/adapter"
import { FabraError } from "@fabra/events"

/** No user can give these names, so they match no entity type and no group. One record has all features. */
const KEY: EntityKey = { entityType: "~owner", entityId: "features" }
const GROUP = "~owner"

/** The consumer group that computes a feature, and since when, in epoch milliseconds. */
export interface FeatureOwner {
  readonly group: string
  readonly since: number
}

/** After so many writes of others in a row the caller is to wait before it tries again. */
const MAX_CONFLICTS = 20

/** Content of the record, by the name of the feature. */
type Owners = Readonly<Record<string, FeatureOwner>>

/** The owners as read, and the version of their record. */
interface Entry {
  readonly owners: Map<string, FeatureOwner>
  readonly version: string | null
}

/**
 * Which consumer group computes which feature, in a record of the cache, changed by compare-and-set only. A feature
 * belongs to one group: a second one would apply each event again, to values that the first is changing.
 */
export class FeatureOwners {
  readonly #cache: FeatureCache

  constructor(cache: FeatureCache) {
    this.#cache = cache
  }

  /** The owner of each feature that has one, by name. @throws FabraError `cache_unavailable` */
  async read(): Promise<ReadonlyMap<string, FeatureOwner>> {
    return (await this.#load()).owners
  }

  /** The features that a group owns. @throws FabraError `cache_unavailable` */
  async of(group: string): Promise<readonly string[]> {
    return [...(await this.read())].flatMap(([name, owner]) => (owner.group === group ? [name] : []))
  }

  /**
   * Makes a group the owner of features that have none.
   * @param now epoch milliseconds
   * @returns the features that are new to a group that has others: it is past the events that its log has held; none for a
   *   group that has had no feature
   * @throws FabraError `feature_owned` when another group owns one of them, and then claims none; `cache_unavailable`
   */
  async claim(group: string, features: readonly string[], now: number): Promise<readonly string[]> {
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
      const { owners, version } = await this.#load()
      const foreign = features.filter((name) => (owners.get(name)?.group ?? group) !== group)
      if (foreign.length > 0) throw owned(group, foreign, owners)
      const added = features.filter((name) => !owners.has(name))
      if (added.length === 0) return []
      const isNew = ![...owners.values()].some((owner) => owner.group === group)
      for (const name of added) owners.set(name, { group, since: now })
      if (await this.#write(owners, version)) return isNew ? [] : added
    }
    throw changesAllTheTime()
  }

  /**
   * Gives all features of one group to another. Only the owners change: see `handOver` for the group's place in the log.
   * @returns the features @throws FabraError `cache_unavailable`
   */
  handOver(from: string, to: string, now: number): Promise<readonly string[]> {
    return this.#change(from, (owners, name) => void owners.set(name, { group: to, since: now }))
  }

  /**
   * Leaves all features of a group without an owner: the next group that computes one may have it.
   * @returns the features @throws FabraError `cache_unavailable`
   */
  release(group: string): Promise<readonly string[]> {
    return this.#change(group, (owners, name) => void owners.delete(name))
  }

  /** Forgets who computes these features: they are gone. @throws FabraError `cache_unavailable` */
  async forget(features: readonly string[]): Promise<void> {
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
      const { owners, version } = await this.#load()
      const owned = features.filter((name) => owners.delete(name))
      if (owned.length === 0 || (await this.#write(owners, version))) return
    }
    throw changesAllTheTime()
  }

  async #change(
    group: string,
    change: (owners: Map<string, FeatureOwner>, name: string) => void,
  ): Promise<readonly string[]> {
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
      const { owners, version } = await this.#load()
      const names = [...owners].flatMap(([name, owner]) => (owner.group === group ? [name] : []))
      if (names.length === 0) return []
      for (const name of names) change(owners, name)
      if (await this.#write(owners, version)) return names
    }
    throw changesAllTheTime()
  }

  async #load(): Promise<Entry> {
    const [record] = await this.#cache.load([KEY], GROUP)
    if (record === undefined) throw new FabraError("internal", "The cache loads no record.")
    const owners = record.state === null ? {} : (JSON.parse(record.state) as Owners)
    return { owners: new Map(Object.entries(owners)), version: record.version }
  }

  /** @returns false when another has written since */
  async #write(owners: ReadonlyMap<string, FeatureOwner>, baseVersion: string | null): Promise<boolean> {
    const state = JSON.stringify(Object.fromEntries(owners))
    const [result] = await this.#cache.commit([{ key: KEY, group: GROUP, baseVersion, token: newToken(), state }])
    if (result === undefined) throw new FabraError("internal", "The cache tells nothing of a change.")
    if (result.status === "unknown") throw result.error
    return result.status === "applied"
  }
}

function changesAllTheTime(): FabraError {
  return new FabraError("cache_unavailable", `Others changed the owners of features ${MAX_CONFLICTS} times meanwhile.`)
}

/** Who owns features while they go from one group to another: nobody can give a group this name. */
export function inTransit(from: string, to: string): string {
  return `~${from}~${to}`
}

function owned(group: string, features: readonly string[], owners: ReadonlyMap<string, FeatureOwner>): FabraError {
  const [name = ""] = features
  const others = features.length === 1 ? "" : ` and ${features.length - 1} more`
  const owner = owners.get(name)?.group ?? ""
  const what = `Consumer group "${group}" cannot compute feature "${name}"${others}: `
  const [, from, to] = owner.split("~")
  const why =
    to === undefined
      ? `group "${owner}" does, and each event would count in both. Start this worker in group "${owner}", give the feature ` +
        `another name, or hand over what "${owner}" computes: stop its workers, then \`fabra group hand-over ${owner} ${group}\`.`
      : `a hand-over from "${from}" to "${to}" was interrupted. Run \`fabra group hand-over ${from} ${to}\` again.`
  return new FabraError("feature_owned", what + why, { path: "group" })
}
