import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished } from "vitest"
import { FIXTURES, Running, type RunOptions } from "./fabra.js"

/** Starts a command that is ended with the test. */
export function start(args: readonly string[], options?: RunOptions): Running {
  const running = new Running(args, options)
  onTestFinished(async () => {
    await running.stop("SIGKILL")
  })
  return running
}

/** An empty directory that is gone with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "fabra-cli-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A copy of a fixture, in a directory of its own that is gone with the test, to be changed. */
export async function copyOf(fixture: string): Promise<string> {
  // Among the fixtures, where packages are found.
  const directory = await mkdtemp(join(FIXTURES, "copy-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, "features.ts")
  await cp(join(FIXTURES, fixture), file)
  return file
}

/** Expects of what is read again and again, for as long as it may take on a busy machine. */
export function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { timeout: 30_000, interval: 100 })
}
