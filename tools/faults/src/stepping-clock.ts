import { type Clock, systemClock } from "@fabra/events"

/** The machine's clock, but somebody sets it. Timers go on as they do on a machine whose clock is set. */
export class SteppingClock implements Clock {
  #offset = 0

  step(ms: number): void {
    this.#offset += ms
  }

  now(): number {
    return systemClock.now() + this.#offset
  }

  setTimer(callback: () => void, ms: number) {
    return systemClock.setTimer(callback, ms)
  }

  random(): number {
    return systemClock.random()
  }
}
