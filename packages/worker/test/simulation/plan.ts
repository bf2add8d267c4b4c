import { partitionOf } from "@fabra/events/adapter"
import { PARTITIONS, type World } from "./world.js"

/** Two entities of each partition. */
export const ENTITIES: readonly string[] = pickEntities()

/** Consumer groups, and the features that each computes. `note` is only ever set directly. */
export const GROUPS = { A: ["a1", "a2"], B: ["b1"] } as const satisfies Record<string, readonly string[]>

/** Entities that events of others change, which have features of group `A` of their own. */
export const TARGETS: readonly string[] = ["m0", "m1"]

/** Name of one of {@link GROUPS}. */
export type Group = keyof typeof GROUPS

/** Until values are gone, where they are to age. */
export const TTL_MS = 1500

/** Faults stop at this time, failovers happen before. */
export const CALM_AFTER_MS = 15_000
const LAST_FAILOVER_MS = 12_000

/**
 * How feature `a2` takes an event: at once, after a wait, failing now and then, taking too long now and then; `invalid`
 * events do not match the schema, `nothing` changes no feature of group `A`, `poison` kills the process.
 */
export type Mode = "plain" | "waits" | "flaky" | "slow" | "invalid" | "nothing" | "poison"

/** As often as they are to be had. */
const MODES: readonly Mode[] = "plain plain plain waits waits flaky flaky slow invalid nothing".split(" ") as Mode[]

/** An event to be published. */
export interface PlannedEvent {
  readonly id: string
  readonly entity: string
  /** `x` changes every feature, `y` all but `a2`. */
  readonly type: "x" | "y"
  readonly mode: Mode
  /** Which of {@link TARGETS} it changes. */
  readonly targets: readonly string[]
  /** The code in use at first finds no valid key in it. */
  readonly isUnkeyed: boolean
}

/** What an event says. */
export interface Payload {
  readonly mode: Mode
  readonly targets: readonly string[]
  readonly isUnkeyed: boolean
}

/** What happens when in one execution, as far as that is decided beforehand. */
export class Plan {
  readonly failovers: readonly number[]
  readonly events: readonly PlannedEvent[]
  readonly #world: World

  constructor(world: World) {
    const { random } = world
    this.#world = world
    this.failovers = Array.from({ length: random.int(1, 2) }, () => random.int(2000, LAST_FAILOVER_MS))
    const poisonAt = world.configuration.poison ? random.int(1, 8) : -1
    this.events = Array.from({ length: random.int(12, 24) }, (_, i) => ({
      id: `e${i + 1}`,
      entity: random.pick(ENTITIES),
      type: i === poisonAt || random.chance(0.75) ? "x" : "y",
      mode: i === poisonAt ? "poison" : random.pick(MODES),
      ...(world.configuration.keys ? keysBy(random) : NO_KEYS),
    }))
  }

  /** A time when much is going on. */
  near(): number {
    const { random } = this.#world
    if (random.chance(0.4)) return random.int(10, CALM_AFTER_MS - 1500)
    return Math.max(10, random.pick(this.failovers) + random.int(-900, 900))
  }

  /** The features of a group that an event changes. */
  static featuresOf(group: Group, { type, mode }: PlannedEvent): readonly string[] {
    if (group === "A" && mode === "nothing") return []
    return GROUPS[group].filter((feature) => type === "x" || feature !== "a2")
  }
}

const NO_KEYS = { targets: [], isUnkeyed: false }

function keysBy(random: World["random"]): Pick<PlannedEvent, "targets" | "isUnkeyed"> {
  const targets = random.pick([TARGETS.slice(0, 1), TARGETS.slice(0, 1), TARGETS.slice(1), TARGETS, []])
  return { targets, isUnkeyed: random.chance(0.1) }
}

function pickEntities(): string[] {
  const names = Array.from({ length: 100 }, (_, i) => `u${i}`)
  const of = (partition: number) => names.filter((name) => partitionOf(name, PARTITIONS) === partition)
  const [even, odd] = [of(0), of(1)]
  return [even[0], odd[0], even[1], odd[1]] as string[]
}
