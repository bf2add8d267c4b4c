import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import { expect, onTestFinished, test } from "vitest"
import { canPin, place } from "./placement.js"

const coresOf = (pid: number | "self") =>
  /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]

/** Not where this process itself is held to some cores. */
const isFree = canPin && coresOf("self") === `0-${cpus().length - 1}`

test.runIf(isFree)("what was pinned is free again", async () => {
  const child = spawn("sleep", ["60"])
  onTestFinished(() => void child.kill())
  const pid = child.pid as number
  await place("shared", undefined, [pid])
  expect(coresOf(pid)).toBe("0")
  await place("free", undefined, [pid])
  expect(coresOf(pid)).toBe(coresOf("self"))
})
