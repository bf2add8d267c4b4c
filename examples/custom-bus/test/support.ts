import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { EventBus } from "@fabra/events"
import type { BusRecord } from "@fabra/events/adapter"
import { onTestFinished } from "vitest"
import { joinGroup } from "./join-group.js"

/** A directory that is gone after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "fabra-custom-bus-"))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

/** Runs a program of this directory in a process of its own. */
export function startProcess(program: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  return spawn(process.execPath, ["--import", "tsx", path, ...args], { stdio: ["ignore", "pipe", "inherit"] })
}

/** Everything that stands in the log, partition after partition. */
export async function readAll(bus: EventBus): Promise<BusRecord[]> {
  const { subscription } = await joinGroup(bus, "reader")
  const records = new Map<number, BusRecord[]>()
  for (;;) {
    const batches = await subscription.read({ maxEvents: 500, maxWaitMs: 0 })
    if (batches.length === 0) break
    for (const batch of batches) {
      records.set(batch.partition, [...(records.get(batch.partition) ?? []), ...batch.records])
    }
  }
  await subscription.close()
  return [...records.values()].flat()
}
