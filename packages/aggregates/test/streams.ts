import { FeatureStore } from "@fabra/core"
import type { StateOptions } from "@fabra/core/adapter"
import { Random } from "@fabra/test-support/random"
import {
  aggregate,
  count,
  custom,
  decayedSum,
  distinct,
  first,
  firstN,
  histogram,
  last,
  lastN,
  max,
  mean,
  min,
  quantile,
  stddev,
  sum,
  topK,
  variance,
} from "../src/index.js"

const HOUR = 3_600_000
const BEGIN = Date.parse("2026-03-27T12:00:00Z") // two days before clocks go forward in Europe

export interface Sample {
  readonly time: number
  readonly value: number
}

const WINDOWS = [
  "1h",
  "24h",
  { sliding: "90m", hop: "5m" },
  { every: "1h" },
  { every: "day", timeZone: "Europe/Berlin" },
  { every: "day", timeZone: "Europe/Berlin", previous: 1, name: "yesterday" },
  { every: "week" },
  { every: "month", timeZone: "America/New_York" },
  { gap: "30m" },
  { last: 10 },
  "lifetime",
] as const

const HALF_LIFE_MS = HOUR

/** What each aggregate is of values in order of time, computed directly. */
const DIRECT: Readonly<Record<string, (all: readonly Sample[], at: number) => unknown>> = {
  count: (all) => all.length,
  sum: (all) => exactSum(all.map(({ value }) => value)),
  mean: (all) => exactSum(all.map(({ value }) => value)) / all.length,
  min: (all) => Math.min(...all.map(({ value }) => value)),
  max: (all) => Math.max(...all.map(({ value }) => value)),
  variance: (all) => (all.length < 2 ? undefined : spreadOf(all)),
  stddev: (all) => (all.length < 2 ? undefined : Math.sqrt(spreadOf(all))),
  first: (all) => all[0]?.value,
  last: (all) => all.at(-1)?.value,
  first3: (all) => all.slice(0, 3).map(({ value }) => value),
  last3: (all) => all.slice(-3).map(({ value }) => value),
  distinct: (all) => new Set(all.map(({ value }) => value)).size,
  p90: (all) => sorted(all)[Math.floor(0.9 * (all.length - 1))],
  top2: (all) => commonest(all),
  bands: (all) =>
    [0, 10, 100].map(
      (edge, i, edges) => all.filter(({ value }) => value >= edge && value < (edges[i + 1] ?? Infinity)).length,
    ),
  decay: (all, at) => all.reduce((total, { time, value }) => total + value * 2 ** ((time - at) / HALF_LIFE_MS), 0),
  product: (all) => all.reduce((total, { value }) => (total * (Math.round(value) % 97)) % 97, 1),
}
/** What an empty window gives. */
const EMPTY: Readonly<Record<string, unknown>> = {
  ...{ count: 0, sum: 0, distinct: 0, decay: 0, product: 1 },
  ...{ first3: [], last3: [], top2: [], bands: [0, 0, 0] },
}
/** Aggregates that are not exact, by how much of the value they may be off. */
const RELATIVE: Readonly<Record<string, number>> = {
  p90: 0.0101,
  decay: 1e-9,
  mean: 1e-12,
  variance: 1e-9,
  stddev: 1e-9,
}

function defined() {
  const store = new FeatureStore()
  const User = store.entity("User", { key: "user_id" })
  aggregate(store, "a", {
    entity: User,
    trigger: "e",
    value: ({ payload }) => payload.value as number,
    windows: WINDOWS,
    aggregates: {
      count: count(),
      sum: sum(),
      mean: mean(),
      min: min(),
      max: max(),
      variance: variance(),
      stddev: stddev(),
      first: first<number>(),
      last: last<number>(),
      first3: firstN<number>(3),
      last3: lastN<number>(3),
      distinct: distinct(),
      p90: quantile(0.9),
      top2: topK<number>(2),
      bands: histogram([10, 100]),
      decay: decayedSum("1h"),
      product: custom({
        about: "product",
        empty: 1,
        add: (state, value: number) => (state * (Math.round(value) % 97)) % 97,
        merge: (state, other) => (state * other) % 97,
        finish: (state) => state,
      }),
    },
  })
  return store.registry.states.get("a") as StateOptions
}

const options = defined()

/** Applies events in the order given and returns how features are read. */
export function applied(samples: readonly Sample[]) {
  const fields = new Map<string, string>()
  const state = {
    get: (field: string) => fields.get(field),
    set: (field: string, text: string) => void fields.set(field, text),
  }
  for (const { time, value } of samples) {
    options.update(state, { timestamp: new Date(time), payload: { value } } as never)
  }
  const readAt = (at: number) => {
    const made = new Map<string, unknown>()
    const once = <Result>(key: string, make: () => Result) => {
      if (!made.has(key)) made.set(key, make())
      return made.get(key) as Result
    }
    return (feature: string) => {
      const { finish, default: fallback } = options.features[feature] as (typeof options.features)[string]
      return finish({ get: state.get, once }, at) ?? { value: fallback, eventTime: undefined, toleranceMs: 0 }
    }
  }
  return { fields, readAt }
}

/** A random stream of one entity: bursts and pauses; with it the order in which the bus accepts it: some events come late. */
export function randomStream(seed: number) {
  const random = new Random(seed).next
  const pick = <Value>(all: readonly Value[]) => all[Math.floor(random() * all.length)] as Value
  const length = pick([1, 5, 20, 100, 400])
  const pace = pick([1000, 60_000, 600_000])
  const spread = pick([3, 40, 1000])
  const samples: Sample[] = []
  let time = BEGIN
  for (let i = 0; i < length; i++) {
    if (random() < 0.9) time += Math.floor(random() * pace * (random() < 0.02 ? 100 : 1)) // else: at the same time
    samples.push({ time, value: Math.round(random() * spread * 100) / 100 })
  }
  const lateness = pick([0, 10_000, HOUR, 3 * HOUR])
  const arrival = samples
    .map((sample) => ({ sample, arrives: sample.time + (random() < 0.2 ? random() * lateness : 0) }))
    .sort((a, b) => a.arrives - b.arrives)
    .map(({ sample }) => sample)
  const end = time
  const later = () => end + Math.floor(random() ** 3 * pick([1000, HOUR, 30 * HOUR, 40 * 24 * HOUR]))
  // An event leaves a window at one exact millisecond.
  const onEdge = [HOUR, 24 * HOUR, HOUR / 2].map((span) => pick(samples).time + span).filter((time) => time >= end)
  return { arrival, times: [end, later(), later(), later(), ...onEdge] }
}

/** Says where a stream's features differ from what is computed directly, beyond what they say themselves. */
export function faultsOf(seed: number): string[] {
  const { arrival, times } = randomStream(seed)
  const one = applied(arrival)
  const other = applied(inOrder(arrival))
  const faults: string[] = []
  for (const at of times) {
    const [read, readOther] = [one.readAt(at), other.readAt(at)]
    for (const [i, window] of WINDOWS.entries()) {
      const key = KEYS[i] as string
      const exact = within(window, inOrder(arrival), at, 0)
      const { toleranceMs } = read(`a_count_${key}`)
      const wide = toleranceMs === 0 ? exact : within(window, inOrder(arrival), at, toleranceMs)
      for (const name of Object.keys(DIRECT)) {
        if (name === "top2" && new Set(wide.map(({ value }) => value)).size > 20) continue // the rarest are forgotten
        const { value } = read(`a_${name}_${key}`)
        const inOtherOrder = readOther(`a_${name}_${key}`).value
        const where = `seed ${seed}, ${name} over ${key} at ${new Date(at).toISOString()}`
        const fault = toleranceMs === 0 ? differs(name, value, exact, at) : exceeds(name, value, exact, wide)
        if (fault !== undefined) faults.push(`${where}: ${fault}`)
        if (isFar(name, value, inOtherOrder)) faults.push(`${where}: ${value}, and ${inOtherOrder} in another order`)
      }
    }
  }
  return faults
}

export const KEYS = [
  "1h",
  "24h",
  "90m",
  "hour",
  "day",
  "yesterday",
  "week",
  "month",
  "session_30m",
  "last_10",
  "lifetime",
]

/** In order of time; of equal times in order of arrival. */
function inOrder(arrival: readonly Sample[]): Sample[] {
  return [...arrival].sort((a, b) => a.time - b.time)
}

/** Whether two values differ by more than an aggregate of the name allows. */
function isFar(name: string, value: unknown, other: unknown, slack = RELATIVE[name] ?? 0): boolean {
  if (typeof value !== "number" || typeof other !== "number") return JSON.stringify(value) !== JSON.stringify(other)
  return Math.abs(value - other) > slack * Math.abs(other)
}

function differs(name: string, value: unknown, exact: readonly Sample[], at: number): string | undefined {
  const expected = exact.length === 0 ? EMPTY[name] : DIRECT[name]?.(exact, at)
  if (name === "distinct" && exact.length > 64) {
    return isFar(name, value, expected, 0.15) ? `${value} instead of ${expected}` : undefined
  }
  return isFar(name, value, expected) ? `${JSON.stringify(value)} instead of ${JSON.stringify(expected)}` : undefined
}

/** A value that is not exact lies between that of the window and that of the window widened by its tolerance. */
function exceeds(name: string, value: unknown, narrow: readonly Sample[], wide: readonly Sample[]): string | undefined {
  if (!["count", "sum", "max"].includes(name) || narrow.length === 0) return undefined
  const [least, most] = [narrow, wide].map((all) => Number(DIRECT[name]?.(all, 0)))
  const isBetween = (value as number) >= (least as number) && (value as number) <= (most as number)
  return isBetween ? undefined : `${value} is not between ${least} and ${most}`
}

/** The events in a window, its edges widened by `tolerance` milliseconds. */
function within(window: (typeof WINDOWS)[number], all: readonly Sample[], at: number, tolerance: number): Sample[] {
  const between = (after: number, until = at) =>
    all.filter(({ time }) => time > after - tolerance && time <= until + tolerance)
  if (window === "lifetime") return between(Number.NEGATIVE_INFINITY)
  if (window === "1h") return between(at - HOUR)
  if (window === "24h") return between(at - 24 * HOUR)
  if ("sliding" in window) return between(at - 1.5 * HOUR)
  if ("last" in window) return between(Number.NEGATIVE_INFINITY).slice(-10)
  if ("gap" in window) return sessionAt(all, at)
  const [start, end] = periodAt(window, at)
  return between(start - 1, Math.min(at, end - 1))
}

function sessionAt(all: readonly Sample[], at: number): Sample[] {
  const session: Sample[] = []
  let until = at
  for (const sample of [...all].reverse()) {
    if (sample.time > at) continue
    if (until - sample.time > HOUR / 2) break
    session.unshift(sample)
    until = sample.time
  }
  return session
}

/** Periods found by looking at each quarter of an hour, by what the local clock shows. */
function periodAt(
  window: { readonly every: string; readonly timeZone?: string; readonly previous?: 1 },
  at: number,
): [number, number] {
  const { every, timeZone = "UTC", previous } = window
  const nameOf = periodNames(every, timeZone)
  const step = HOUR / 4
  const startOf = (time: number) => {
    let begin = Math.floor(time / step) * step
    while (nameOf(begin - step) === nameOf(time)) begin -= step
    return begin
  }
  const start = startOf(at)
  return previous === undefined ? [start, Number.POSITIVE_INFINITY] : [startOf(start - 1), start]
}

const names = new Map<string, (time: number) => string>()
function periodNames(every: string, timeZone: string): (time: number) => string {
  const known = names.get(every + timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" })
  const cache = new Map<number, string>()
  const nameOf = (time: number) => {
    const quarter = Math.floor(time / (HOUR / 4))
    let name = cache.get(quarter)
    if (name === undefined) {
      const day = format.format(time)
      const monday = new Date(day)
      monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7))
      name = { "1h": String(Math.floor(time / HOUR)), day, week: monday.toISOString(), month: day.slice(0, 7) }[
        every
      ] as string
      cache.set(quarter, name)
    }
    return name
  }
  names.set(every + timeZone, nameOf)
  return nameOf
}

/** In hundredths: exact. */
function exactSum(values: readonly number[]): number {
  return values.reduce((total, value) => total + Math.round(value * 100), 0) / 100
}

function spreadOf(all: readonly Sample[]): number {
  const average = exactSum(all.map(({ value }) => value)) / all.length
  return all.reduce((total, { value }) => total + (value - average) ** 2, 0) / (all.length - 1)
}

function sorted(all: readonly Sample[]): number[] {
  return all.map(({ value }) => value).sort((a, b) => a - b)
}

function commonest(all: readonly Sample[]) {
  const counts = new Map<number, number>()
  for (const { value } of all) counts.set(value, (counts.get(value) ?? 0) + 1)
  const byText = (a: number, b: number) => (String(a) < String(b) ? -1 : 1)
  return [...counts]
    .sort(([a, n], [b, m]) => m - n || byText(a, b))
    .slice(0, 2)
    .map(([value, n]) => ({ value, count: n }))
}
