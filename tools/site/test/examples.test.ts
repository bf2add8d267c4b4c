import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { blocks, page, root } from "../src/pages.js"

/** What is another with each run. */
const masked = (output: string) => output.trim().replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "a time")

// The others have tests of their own that run them.
test.each(["quickstart", "fraud-rules", "rag-answer"])("examples/%s prints what its README shows", async (name) => {
  const shown = blocks(page(`examples/${name}/README.md`)).find(({ language }) => language === "")
  const cwd = join(root, "examples", name)
  const env = { ...process.env, OPENAI_API_KEY: "" } // no real model is asked
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "src/main.ts"], { cwd, env })
  expect(masked(stdout)).toBe(masked(shown?.code ?? ""))
})
