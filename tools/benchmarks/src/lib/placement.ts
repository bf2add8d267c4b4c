import { execFile } from "node:child_process"
import { cpus } from "node:os"
import { promisify } from "node:util"

/**
 * Which cores processes run on. `free`: as the system pleases; `split`: Redis has one core, the workers the others;
 * `shared`: all run on one core, which spares request-response code the waking of another.
 */
export type Placement = "free" | "split" | "shared"

const CORES = cpus().length

/** Whether processes can be pinned here. */
export const canPin = process.platform === "linux" && CORES > 1

/** Puts Redis and the worker processes, threads included, where the placement says. */
export async function place(
  placement: Placement,
  redis: number | undefined,
  workers: readonly number[],
): Promise<void> {
  if (!canPin) return
  const all = `0-${CORES - 1}`
  // Free as well: it may have been pinned before.
  const cores = { free: [all, all], split: ["0", `1-${CORES - 1}`], shared: ["0", "0"] } as const
  const [forRedis, forWorkers] = cores[placement]
  if (redis !== undefined) await pin(redis, forRedis)
  for (const worker of workers) await pin(worker, forWorkers)
}

async function pin(pid: number, cores: string): Promise<void> {
  await promisify(execFile)("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, String(pid)])
}
