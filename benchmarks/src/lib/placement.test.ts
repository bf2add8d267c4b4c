import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { expect, onTestFinished, test } from "vitest"
import { canPin, place } from "./placement.js"

const coresOf = async (pid: number) =>
  /^Cpus_allowed_list:\s*(.*)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]

test.runIf(canPin)("what was pinned is free again", async () => {
  const child = spawn("sleep", ["60"])
  onTestFinished(() => void child.kill())
  const pid = child.pid as number
  const before = await coresOf(pid)
  await place("shared", undefined, [pid])
  expect(await coresOf(pid)).toBe("0")
  await place("free", undefined, [pid])
  expect(await coresOf(pid)).toBe(before)
})
