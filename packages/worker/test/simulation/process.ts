import type { Clock } from "@fabra/events"
import type { Timer } from "@fabra/events/adapter"
import type { Master, Server } from "./server.js"
import type { World } from "./world.js"

/** What time it is by a right clock when an execution begins. */
export const EPOCH = Date.UTC(2026, 0, 1)
const MAX_SKEW_MS = 5000
const REQUEST_MS = [1, 12] as const
const TIMEOUT_MS = 400

/** What a script returns when it died half-way: what it had changed stays changed. */
export const DIED = Symbol("died")

/** The answer of a server; `undefined` when nobody can tell what became of the request. */
export type Answer<T> = { readonly value: T; readonly lineage: number } | undefined

/** A program: it can be stalled or killed, its clock is wrong by a constant, and it talks to servers by a bad network. */
export class Process implements Clock {
  readonly name: string
  alive = true
  stalledUntil = 0
  /** Called when the process happens to die before or after something it does. */
  onCrash: (() => void) | undefined
  readonly #world: World
  readonly #skew: number
  /** Which master it believes to be the one. */
  readonly #known = new Map<Server, Master>()

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
    this.#skew = world.random.int(-MAX_SKEW_MS, MAX_SKEW_MS)
  }

  now(): number {
    return EPOCH + this.#world.now + this.#skew
  }

  random(): number {
    return this.#world.random.next()
  }

  setTimer(callback: () => void, ms: number): Timer {
    let cancelled = false
    const fire = () => {
      if (!cancelled) callback()
    }
    const entry = this.#world.scheduler.after(Math.ceil(Math.max(ms, 0)), () => this.#resume(fire))
    return {
      cancel: () => {
        entry.fire = undefined
        cancelled = true
      },
    }
  }

  /** Calls `callback` unless the process is dead; when it is stalled, then later. */
  #resume(callback: () => void): void {
    if (!this.alive) return
    if (this.stalledUntil > this.#world.now) {
      this.#world.scheduler.at(this.stalledUntil, () => this.#resume(callback))
      return
    }
    callback()
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(resolve, ms)
    })
  }

  #mayCrash(): boolean {
    if (!this.alive) return true
    if (this.onCrash === undefined || !this.#world.unlucky(0.0006)) return false
    this.onCrash()
    return true
  }

  #masterOf(server: Server): Master {
    const known = this.#known.get(server) ?? server.master
    const master = known !== server.master && (known.dead || this.#world.random.chance(0.2)) ? server.master : known
    this.#known.set(server, master)
    return master
  }

  /** Asks a server to run a script. A dead process never hears back. */
  ask<T>(server: Server, script: (master: Master) => T | typeof DIED): Promise<Answer<T>> {
    return new Promise((resolve) => {
      if (this.#mayCrash()) return
      const { scheduler, random } = this.#world
      const master = this.#masterOf(server)
      let answered = false
      const answer = (result: Answer<T>) => {
        if (answered) return
        answered = true
        this.#resume(() => {
          if (!this.#mayCrash()) resolve(result)
        })
      }
      const fate = this.#fate()
      const back = random.int(...REQUEST_MS) + fate.slowReply
      for (let i = 1; i <= fate.times; i++) {
        const there = random.int(...REQUEST_MS) + fate.slowRequest + (i - 1) * random.int(1, 200)
        scheduler.after(there, () => {
          if (master.dead) return void scheduler.after(3, () => answer(undefined))
          master.begin()
          const value = script(master)
          if (value === DIED) scheduler.after(back, () => answer(undefined))
          else if (!fate.lostReply && i === fate.times) {
            scheduler.after(back, () => answer({ value, lineage: master.lineage }))
          }
        })
      }
      if (fate.times !== 1 || fate.lostReply || fate.slowRequest + fate.slowReply > 0) {
        scheduler.after(TIMEOUT_MS, () => answer(undefined))
      }
      // The process may also die between asking and hearing.
      this.#mayCrash()
    })
  }

  /** What the network does to one request. */
  #fate() {
    const fate = { times: 1, lostReply: false, slowRequest: 0, slowReply: 0 }
    if (!this.#world.unlucky(0.065)) return fate
    const { random } = this.#world
    const kind = random.int(1, 13)
    if (kind <= 2) fate.times = 0
    else if (kind <= 6) fate.lostReply = true
    else if (kind <= 9) fate.slowRequest = random.int(1, 1500)
    else if (kind <= 11) fate.slowReply = random.int(1, 700)
    else fate.times = 2
    return fate
  }
}
