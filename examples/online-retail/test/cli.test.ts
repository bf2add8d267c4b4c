import { expect, onTestFinished, test, vi } from "vitest"
import { readOptions } from "../src/options.js"
import { runMain } from "./run-main.js"

const timeout = 60_000

test("--json: one object, alone on standard output", { timeout }, async () => {
  const { code, stdout } = await runMain(["--limit", "2000", "--json"])
  expect(JSON.parse(stdout)).toEqual({
    events: 1_467,
    rejected: 533,
    customers: 72,
    purchases: 1_441,
    refunds: 26,
    net: "32293.03",
    matches: true,
    events_per_second: expect.any(Number),
  })
  expect(code).toBe(0)
})

test("without it: tables and a verdict", { timeout }, async () => {
  const { code, stdout } = await runMain(["--limit", "2000"])
  expect(stdout).toContain("17850")
  expect(stdout).toContain("533: no CustomerID")
  expect(stdout).toContain("Every feature of every customer is what the file says.")
  expect(code).toBe(0)
})

test.each([
  [["--limit", "0"], "It must be a whole number from 1 on."],
  [["--redis", "http://localhost"], "It must read redis://host:port"],
  [["--workers", "2"], "--workers needs --redis <url>"],
  [["--redis", "redis://localhost", "--namespace", "a b"], 'namespace name "a b" is not valid'],
])("%j is refused with exit code 2", (args, message) => {
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit code ${code}`)
  })
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true)
  onTestFinished(() => {
    exit.mockRestore()
    stderr.mockRestore()
  })
  expect(() => readOptions(["node", "main", ...args])).toThrow("exit code 2")
  expect(stderr.mock.calls.join("")).toContain(message)
})

test("what is refused leaves standard output empty", { timeout }, async () => {
  const [args, message] = [["--what"], "unknown option '--what'"]
  const { code, stderr, stdout } = await runMain(args)
  expect(stderr).toContain(message)
  expect(stdout).toBe("")
  expect(code).toBe(2)
})

test("a Redis that is not there is told in one line", { timeout }, async () => {
  const { code, stderr } = await runMain(["--redis", "redis://127.0.0.1:1", "--limit", "10"])
  expect(stderr).toMatch(/error: .*ECONNREFUSED/)
  expect(code).toBe(1)
})
