import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { performance } from "node:perf_hooks"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Seen } from "./bystander.js"
import { type Amount, KINDS, type KindName } from "./kinds.js"
import { Raw } from "./raw.js"
import { Site } from "./site.js"

const BYSTANDER = fileURLToPath(new URL("./bystander.js", import.meta.url))
const LARGE_TEXT = "x".repeat(20_000)

/** What came of one kind. */
export interface KindResult {
  readonly kind: KindName
  readonly seconds: number
  /** How many answers had each status; `-`: none, or nobody waited for it. */
  readonly answers: Readonly<Record<string, number>>
  readonly others: Seen
}

/** What came of a run. */
export interface HostileResult {
  readonly kinds: readonly KindResult[]
  readonly requests: number
  readonly seconds: number
  /** How the server ended, if it did. */
  readonly crashed: string | undefined
  readonly quiet: Seen
  readonly others: Seen
  readonly p99Ratio: number
  readonly logBytes: number
}

/** What is sent, and for how long the server is measured without it. */
export interface Plan extends Amount {
  readonly kinds: readonly KindName[]
  readonly quietMs: number
  /** Told of each kind once it is done. */
  readonly onKind?: (result: KindResult) => void
}

/** Sends hostile requests to a server while a client that behaves goes on, and measures what that one gets of it. */
export async function runHostile({ kinds, requests, quietMs, onKind, ...pace }: Plan): Promise<HostileResult> {
  const site = await Site.start()
  const bystander = fork(BYSTANDER, [String(site.port), site.keys.good], { stdio: "inherit" })
  try {
    await publishLarge(site)
    await delay(Math.min(quietMs, 3_000)) // until what is called often is compiled
    await ask(bystander, "all")
    await delay(quietMs)
    const quiet = await ask(bystander, "all")
    await ask(bystander, "recent")
    const [begun, loggedBefore] = [performance.now(), site.logged]
    const results: KindResult[] = []
    for (const kind of kinds) {
      if (site.crashed !== undefined) break
      const [kindBegun, raw] = [performance.now(), new Raw(site.port, site.keys.hostile)]
      await KINDS[kind](raw, { requests: Math.ceil(requests / kinds.length), ...pace })
      raw.close()
      const seconds = (performance.now() - kindBegun) / 1_000
      results.push({ kind, seconds, answers: Object.fromEntries(raw.answers), others: await ask(bystander, "recent") })
      onKind?.(results.at(-1) as KindResult)
    }
    const others = await ask(bystander, "all")
    const seconds = (performance.now() - begun) / 1_000
    return {
      kinds: results,
      requests: results.reduce((sum, { answers }) => sum + Object.values(answers).reduce((a, b) => a + b, 0), 0),
      seconds,
      crashed: site.crashed,
      quiet,
      others,
      p99Ratio: others.p99 / quiet.p99,
      logBytes: site.logged - loggedBefore,
    }
  } finally {
    bystander.disconnect()
    await site.stop()
  }
}

async function ask(bystander: ChildProcess, what: "recent" | "all"): Promise<Seen> {
  bystander.send(what)
  const [seen] = await once(bystander, "message")
  return seen
}

/** An entity whose value makes answers large. */
async function publishLarge({ port, keys }: Site): Promise<void> {
  const headers = { "x-api-key": keys.good, "content-type": "application/json" }
  const body = JSON.stringify({ entity_id: "large", payload: { text: LARGE_TEXT } })
  const url = `http://127.0.0.1:${port}/ingest/note?wait=applied&timeout=30s`
  const response = await fetch(url, { method: "POST", headers, body })
  if (!response.ok) throw new Error(`The server is not ready: ${await response.text()}`)
}
