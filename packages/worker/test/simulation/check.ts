import { decodeEvent } from "@fabra/events/adapter"
import { queueServer, type Told } from "./clients.js"
import { fieldOf } from "./keyed.js"
import { ENTITIES, GROUPS, type Group, Plan, type PlannedEvent, TARGETS } from "./plan.js"
import { EMPTY, recordName, type SimulatedRecord, shardOf } from "./records.js"
import { checkSchedule, isScheduleQuiet } from "./schedules.js"
import type { LogEntry, Server } from "./server.js"
import { lettersOn, originOf } from "./simulated-dead-letters.js"
import { checkpointKey } from "./simulated-log.js"
import type { World } from "./world.js"

const GROUP_NAMES = Object.keys(GROUPS) as Group[]

/** Whether nobody has anything left to do: all clients are done, every group has settled the whole log. */
export function isQuiet(world: World): boolean {
  if (world.configuration.schedules && !isScheduleQuiet(world)) return false
  return world.pending === 0 && world.bus.every((server) => GROUP_NAMES.every((group) => isSettled(server, group)))
}

function isSettled({ master }: Server, group: Group): boolean {
  return (master.get<string>(checkpointKey(group)) ?? "") >= (master.entries.at(-1)?.position ?? "")
}

/**
 * Compares what the features hold with what the log holds. Exempt is what the promises exempt: a failover of the bus may
 * lose an acknowledged publish, one of the cache an acknowledged direct write.
 */
export function check(world: World, plan: Plan, told: Told, quiet: boolean): void {
  const planned = new Map(plan.events.map((event) => [event.id, event]))
  const log = new Map<string, readonly string[]>(ENTITIES.map((entity) => [entity, []]))
  for (const { master } of world.bus) for (const entry of master.entries) place(log, entry)
  const inLog = new Set([...log.values()].flat())
  for (const id of told.published) {
    if (!inLog.has(id) && !world.busFailed) world.violated("lost", `${id}, whose publish was acknowledged`)
  }
  for (const entity of ENTITIES) {
    const { master } = world.cache[shardOf(entity)] as Server
    const { history } = master.get<SimulatedRecord>(recordName({ entityType: "User", entityId: entity })) ?? EMPTY
    const ids = log.get(entity) ?? []
    for (const group of GROUP_NAMES) {
      for (const feature of GROUPS[group]) {
        const events = ids.map((id) => planned.get(id) as PlannedEvent)
        const expected = events.filter((event) => Plan.featuresOf(group, event).includes(feature)).map(({ id }) => id)
        checkFeature(world, `${entity}.${feature}`, expected, history[feature] ?? [], buried(world, feature), quiet)
      }
    }
    if (world.cacheFailed) continue
    for (const { mark, feature } of told.written.filter((write) => write.entity === entity)) {
      if (!history[feature]?.includes(mark)) world.violated("lost", `direct write ${mark} of ${entity}.${feature}`)
    }
  }
  if (world.configuration.keys) checkTargets(world, log, planned, quiet)
  for (const letter of lettersOn(queueServer(world).master).filter(({ reason }) => reason === "worker_crashed")) {
    const id = originOf(letter) as string
    if (planned.get(id)?.mode !== "poison") world.violated("collateral", `${id} is taken for what killed the workers`)
  }
  if (world.configuration.schedules) checkSchedule(world)
  if (quiet) checkRubbish(world)
  else world.violated("stuck", "the log was never settled to its end")
}

/** Events of one entity reach those that they name in their order; between events of different entities any order will do. */
function checkTargets(
  world: World,
  log: ReadonlyMap<string, readonly string[]>,
  planned: ReadonlyMap<string, PlannedEvent>,
  quiet: boolean,
): void {
  for (const target of TARGETS) {
    const { master } = world.cache[shardOf(target)] as Server
    const { history } = master.get<SimulatedRecord>(recordName({ entityType: "Target", entityId: target })) ?? EMPTY
    for (const stored of ["k1", "k2", "k3~f0", "k3~f1"]) {
      const [feature = "", field] = stored.split("~")
      const found = history[stored] ?? []
      for (const entity of ENTITIES) {
        const events = (log.get(entity) ?? []).map((id) => planned.get(id) as PlannedEvent)
        const expected = events
          .filter(({ id, targets }) => targets.includes(target) && (field === undefined || fieldOf(id) === field))
          .map(({ id }) => id)
        const inQueue = buried(world, feature, [target, entity])
        const own = found.filter((id) => expected.includes(id))
        checkFeature(world, `${target}.${feature}`, expected, own, inQueue, quiet)
      }
      const strange = found.find((id) => !planned.get(id)?.targets.includes(target))
      if (strange !== undefined) world.violated("fault", `${strange} is in ${target}.${stored}: ${found}`)
    }
  }
}

/** First places of events in the log, entity by entity. Replays count as the event that they repeat. */
function place(log: Map<string, readonly string[]>, { data }: LogEntry): void {
  if (!isReadable(data)) return
  const { entityId, eventId, replay } = decodeEvent(data)
  const before = log.get(entityId) ?? []
  if (replay === undefined && !before.includes(eventId)) log.set(entityId, [...before, eventId])
}

function isReadable(data: string): boolean {
  try {
    return decodeEvent(data) !== undefined
  } catch {
    return false
  }
}

/** Events whose failure in a feature, of one of these entities if they are given, stands in the queue. */
function buried(world: World, feature: string, entities?: readonly string[]): Set<string | undefined> {
  const letters = lettersOn(queueServer(world).master)
  const isOf = (entityId = "") => entities === undefined || entities.includes(entityId)
  return new Set(letters.filter(({ features, entityId }) => features.includes(feature) && isOf(entityId)).map(originOf))
}

function checkFeature(
  world: World,
  name: string,
  expected: readonly string[],
  found: readonly string[],
  inQueue: ReadonlySet<string | undefined>,
  quiet: boolean,
): void {
  const feature = name.split(".")[1]
  for (const id of new Set(found)) {
    const times = found.filter((other) => other === id).length
    if (times > 1) world.violated("duplicated", `${id} is ${times} times in ${name}: ${found}`)
  }
  for (const id of expected) {
    if (quiet && !found.includes(id) && !inQueue.has(id)) world.violated("lost", `${id} is not in ${name}: ${found}`)
  }
  // What stood in the queue comes when it is replayed.
  const inOrder = found.filter((id) => expected.includes(id) && !world.everBuried.has(`${id}/${feature}`))
  for (const [i, id] of inOrder.entries()) {
    const before = inOrder[i - 1]
    if (before !== undefined && before !== id && expected.indexOf(id) < expected.indexOf(before)) {
      world.violated("reordered", `${id} after ${before} in ${name}: ${found}; accepted: ${expected}`)
    }
  }
}

/** What cannot be read has a dead letter for each group. */
function checkRubbish(world: World): void {
  const letters = lettersOn(queueServer(world).master)
  for (const [partition, { master }] of world.bus.entries()) {
    for (const { data, position } of master.entries.filter((entry) => !isReadable(entry.data))) {
      for (const group of GROUP_NAMES) {
        const found = letters.some(
          (letter) => letter.group === group && letter.partition === partition && letter.position === position,
        )
        if (!found) world.violated("lost", `the dead letter of "${data}" for group ${group}`)
      }
    }
  }
}
