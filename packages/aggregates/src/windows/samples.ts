import { packValue, unpackValue } from "../packed-value.js"
import type { Coverage, Sample } from "./window.js"

/** Single events as they are stored: time, value, time, value, …, in order of time. */
export type Samples = readonly unknown[]

/** Puts an event in its place; of equal times the one that was there first stays first. */
export function insertSample(samples: unknown[], { time, value }: Pick<Sample, "time" | "value">): void {
  let at = samples.length
  while (at > 0 && (samples[at - 2] as number) > time) at -= 2
  samples.splice(at, 0, time, packValue(value))
}

/** The events after `after` and not after `until`, epoch milliseconds. @param start what stored times count from */
export function coverSamples(samples: Samples, after: number, until: number, start = 0): Coverage {
  const singles: unknown[] = []
  for (let i = 0; i < samples.length; i += 2) {
    const time = start + (samples[i] as number)
    if (time > after && time <= until) singles.push(time, unpackValue(samples[i + 1]))
  }
  const newest = (singles.at(-2) as number | undefined) ?? Number.NEGATIVE_INFINITY
  return { singles, folded: [], newest, toleranceMs: 0 }
}
