// What only shows in processes of their own.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, test } from "vitest"
import { loadFeatures } from "../src/features/features-file.js"
import { BIN, FIXTURES, spawned } from "./fabra.js"

test("what a features file prints goes to standard error: JSON stays JSON", async () => {
  const { code, stdout, stderr } = await spawned(["features", "noisy.ts", "--json"])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ entities: [{ name: "User" }] })
  expect(stderr).toMatch(/^loading\n[\s\S]*│ 0 +│ 1 +│[\s\S]*more\n$/)
})

test("a features file that awaits something that never settles is told, also where Node would just end", async () => {
  const message = "stuck.ts: What it awaits at its top level never settles."
  expect(await spawned(["features", "stuck.ts"])).toMatchObject({ code: 3, stdout: "", stderr: `error: ${message}\n` })
  await expect(loadFeatures(`${FIXTURES}/stuck.ts`, 20)).rejects.toThrow("has not settled after 0.02 s")
})

test("what npm runs ends when npm has ended", async () => {
  // As npm does: a shell between, which takes no signal to what it runs.
  const command = `"${process.execPath}" "${BIN}" serve my_features.ts --port 0; :`
  const env = { PATH: process.env.PATH, npm_command: "exec" }
  const shell = spawn("sh", ["-c", command], { cwd: FIXTURES, env, stdio: ["ignore", "ignore", "pipe"] })
  let output = ""
  const serving = new Promise<void>((resolve) => {
    shell.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (output.includes('"serving"')) resolve()
    })
  })
  await serving
  shell.kill("SIGKILL")
  await once(shell, "close") // nobody holds its output any more
  expect(output).toContain('"message":"stopped"')
})
