import type { FeatureCache } from "@fabra/core"
import type { DeadLetterQueue, EventBus } from "@fabra/events"
import type { Subscription } from "@fabra/events/adapter"

/** Where a worker can be made to die, and how many passages to choose from. */
export const DEATH_POINTS = {
  "after load": 10,
  "in handler": 200,
  "in retry": 1,
  "before commit": 60,
  "commit sent": 60,
  "after commit": 60,
  "before checkpoint": 4,
  "after checkpoint": 4,
  "before dead letter": 1,
  "after dead letter": 1,
  "attempt noted": 5,
} as const

/** One of {@link DEATH_POINTS}. */
export type DeathPoint = keyof typeof DEATH_POINTS

/** Where a worker is to die, and at which passage. */
export interface DeathPlan {
  readonly point: DeathPoint
  readonly passage: number
}

/** Ends this process as `kill -9` does, at one passage through one point. */
export class Death {
  readonly #point: DeathPoint | undefined
  #left: number

  constructor({ point, passage }: Partial<DeathPlan> = {}) {
    this.#point = point
    this.#left = passage ?? 0
  }

  pass(point: DeathPoint): void {
    if (point !== this.#point || --this.#left > 0) return
    process.kill(process.pid, "SIGKILL")
    for (;;); // not one instruction more
  }

  /** The bus, with a passage before or after what it does. */
  bus(bus: EventBus): EventBus {
    const deadLetters: DeadLetterQueue = override(bus.deadLetters, {
      append: async (entries) => {
        this.pass("before dead letter")
        await bus.deadLetters.append(entries)
        this.pass("after dead letter")
      },
    })
    return override(bus, {
      deadLetters,
      subscribe: async (options) => this.#subscription(await bus.subscribe(options)),
    })
  }

  /** The cache, likewise. */
  cache(cache: FeatureCache): FeatureCache {
    return override(cache, {
      load: async (keys, group) => {
        const records = await cache.load(keys, group)
        this.pass("after load")
        return records
      },
      commit: async (changes) => {
        this.pass("before commit")
        const results = cache.commit(changes)
        if (this.#point === "commit sent") await new Promise(setImmediate) // what was asked is on its way then
        this.pass("commit sent")
        await results
        this.pass("after commit")
        return results
      },
    })
  }

  #subscription(subscription: Subscription): Subscription {
    return override(subscription, {
      checkpoint: async (...where) => {
        this.pass("before checkpoint")
        await subscription.checkpoint(...where)
        this.pass("after checkpoint")
      },
      noteAttempts: async (...where) => {
        const others = await subscription.noteAttempts(...where)
        this.pass("attempt noted")
        return others
      },
    })
  }
}

/** The same object, but for some of its members. */
export function override<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T]
      const member = Reflect.get(target, name, target)
      return typeof member === "function" ? member.bind(target) : member
    },
  })
}
