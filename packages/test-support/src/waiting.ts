import { setTimeout as delay } from "node:timers/promises"

/** A promise to be settled from outside. */
export function gate<T = void>() {
  let open!: (value: T) => void
  const promise = new Promise<T>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

/** Waits until `check` returns something other than `undefined` or `false`, however long that takes. */
export async function until<T>(check: () => T | Promise<T>, pollMs = 2): Promise<T> {
  for (;;) {
    const result = await check()
    if (result !== undefined && result !== false) return result
    await delay(pollMs)
  }
}
