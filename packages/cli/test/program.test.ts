import { expect, test } from "vitest"
import { createProgram } from "../src/program.js"
import { exitCodes } from "../src/terminal/exit-codes.js"
import { commandsPage } from "./commands-page.js"
import { fabra, spawned } from "./fabra.js"
import { commandsTold, exitCodesTold } from "./screens.js"

const program = createProgram()
const commands = program.commands.filter((command) => !["worker-process", "help"].includes(command.name()))

test("docs/cli.md tells every command and every exit code", () => {
  const told = new Set(commandsTold())
  expect(commands.map((command) => command.name()).filter((name) => !told.has(name))).toEqual([])
  expect(exitCodesTold()).toEqual(Object.values(exitCodes).map(({ code, meaning }) => [code, meaning]))
})

test("docs/commands.md is the help of every command", async () => {
  await expect(commandsPage()).toMatchFileSnapshot("../../../docs/commands.md")
})

test("every command takes --json and --verbose, and its help has examples", () => {
  const leaves = commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))
  for (const command of leaves.filter((one) => one.name() !== "complete" && one.parent?.name() !== "complete")) {
    expect(command.options.map(({ long }) => long)).toEqual(expect.arrayContaining(["--json", "--verbose"]))
    const written: string[] = []
    command.configureOutput({ writeOut: (text) => written.push(text) }).outputHelp()
    expect(written.join("")).toMatch(/\nExamples:\n {2}\S/)
  }
})

test("what is no command is refused, with the nearest", async () => {
  const { code, stderr } = await spawned(["publsh"])
  expect(stderr).toBe("error: unknown command 'publsh'\n(Did you mean publish?)\n")
  expect(code).toBe(2)
})

test("shells complete commands and flags", async () => {
  const { stdout: script } = await spawned(["complete", "bash"])
  expect(script).toContain("fabra complete --")
  expect((await spawned(["complete", "--", "wo"])).stdout).toMatch(/^worker\b/m)
  expect((await spawned(["complete", "--", "worker", "--proc"])).stdout).toMatch(/^--processes\b/m)
})

test.each([
  [["publsh"], 2, { code: "invalid_argument", message: "unknown command 'publsh' (Did you mean publish?)" }],
  [["config", "--port", "x"], 2, { code: "invalid_argument", message: expect.stringContaining("a whole number") }],
  [["serve", "--redis-url", "x"], 2, { code: "invalid_setting", path: "FABRA_REDIS_URL" }],
  [["serve", "nothing.ts"], 3, { code: "invalid_features_file", message: "There is no file nothing.ts." }],
  [["get", "User", "ann", "--server-url", "http://127.0.0.1:1"], 4, { code: "unreachable" }],
])("with --json %j fails with one JSON object on standard error", async (args, code, error) => {
  const outcome = await fabra([...args, "--json"])
  expect(outcome).toMatchObject({ code, stdout: "" })
  expect(JSON.parse(outcome.stderr)).toEqual({ error: expect.objectContaining(error) })
})
