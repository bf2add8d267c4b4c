import { setTimeout as delay } from "node:timers/promises"
import { DEATH_POINTS, type DeathPoint } from "../death.js"
import type { Fault, Stage } from "../fault.js"
import { LEASE_MS } from "../plan.js"
import { randomOf } from "../random.js"
import { until } from "../until.js"

const POINTS = Object.keys(DEATH_POINTS) as DeathPoint[]
const DEATHS = 3
const LONGEST_LIFE_MS = 5_000
const STEP_MS = 60_000
const LIMIT_MS = 60_000

/**
 * `kill -9` of workers at random times, sometimes of all but one, sometimes of one that has only just taken over. One is
 * always left: how soon the first of new ones comes up is no matter of ours.
 */
export const kill: Fault = {
  place: "one",
  async run(stage) {
    const { fleet, random } = stage
    for (let n = 0; n < DEATHS; n++) {
      await delay(random.int(200, 1_500))
      const working = () => fleet.workers.filter(({ owned }) => owned.length > 0)
      await until(() => working().length > 1, LIMIT_MS)
      const one = random.pick(working())
      const victims = random.chance(0.25) ? working().filter((worker) => worker !== one) : [one]
      await Promise.all(victims.map((worker) => fleet.killOne(worker)))
      if (random.chance(0.7)) await takenOver(stage)
    }
    await takenOver(stage)
    return `${fleet.deaths} killed`
  },
}

/** The first worker dies over and over, soon after its start; with every other seed under one name. */
export const crashLoop: Fault = {
  place: "one",
  consumer: (seed) => (seed % 2 === 0 ? "loop" : undefined),
  async run(stage) {
    const { fleet, random, seed } = stage
    const lives = random.int(5, 8)
    for (let n = 0; n < lives; n++) {
      await delay(random.int(300, 1.2 * LEASE_MS))
      await fleet.killOne(fleet.at(0))
    }
    await takenOver(stage)
    return `killed ${lives} times in a row, ${seed % 2 === 0 ? "under one name" : "each time under a new name"}`
  },
}

/** The first worker dies at a named point, its successor at the next one, and so on. */
export const killPoint: Fault = {
  place: "one",
  dieAt: (seed, life) => {
    const point = pointOf(seed, life)
    return { point, passage: randomOf(seed * 100 + life).int(1, DEATH_POINTS[point]) }
  },
  async run(stage) {
    const { fleet, seed } = stage
    const died: string[] = []
    for (let life = 0; life < DEATHS; life++) {
      const worker = fleet.at(0)
      const isDead = await until(() => fleet.at(0) !== worker, LONGEST_LIFE_MS)
      // It does not always come to pass the point that often.
      if (!isDead) await fleet.killOne(worker)
      died.push(isDead ? pointOf(seed, life) : "at random")
    }
    await takenOver(stage)
    return `died ${died.join(", ")}`
  },
}

function pointOf(seed: number, life: number): DeathPoint {
  return POINTS[(seed * DEATHS + life) % POINTS.length] as DeathPoint
}

/** A worker is frozen for longer than its lease, so that others take over, and goes on as if nothing had happened. */
export const pause: Fault = {
  place: "one",
  async run({ fleet, random }) {
    const pauses: number[] = []
    for (let n = 0; n < 2; n++) {
      await delay(random.int(200, 1_000))
      const worker = random.pick(fleet.workers)
      const pauseMs = Math.round(LEASE_MS * (1.1 + random.next()))
      fleet.hurt(worker)
      worker.signal("SIGSTOP")
      await delay(pauseMs)
      worker.signal("SIGCONT")
      pauses.push(pauseMs)
    }
    return `frozen for ${pauses.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(" and ")}`
  },
}

/** Clocks of workers are set forward and back by a minute while they work. */
export const clock: Fault = {
  place: "one",
  async run({ fleet, random }) {
    const steps = random.int(6, 12)
    for (let n = 0; n < steps; n++) {
      await delay(random.int(100, 600))
      random.pick(fleet.workers).order({ stepMs: random.pick([STEP_MS, -STEP_MS]) })
    }
    return `${steps} steps of a minute`
  },
}

/** Waits until somebody works on whatever the dead had, or has nothing to do there. */
export async function takenOver({ fleet }: Stage): Promise<void> {
  await until(() => fleet.takeOvers.waiting === 0, 5 * LEASE_MS)
}
