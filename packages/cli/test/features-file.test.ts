import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { expect, test } from "vitest"
import { findFeatures, loadFeatures } from "../src/features/features-file.js"
import { FIXTURES, fabra, spawned } from "./fabra.js"
import { temporaryDirectory } from "./with-the-test.js"

const load = (file: string) => loadFeatures(join(FIXTURES, file))

test.each([
  ["definition.ts", /^\S*broken\/definition\.ts:5: entity name "a user" is not valid: [^\n]*$/],
  ["imported.ts", /^\S*broken\/definition\.ts:5: /],
  ["throws.ts", /^\S*broken\/throws\.ts:2: no$/],
  ["nothing.ts", /broken\/nothing\.ts exports no FeatureStore: write `export const store = new FeatureStore\(\)`\.$/],
  ["several.ts", /broken\/several\.ts exports several stores \(one, two\): make one of them the default export\.$/],
])("%s is told in one line, with the place", async (file, message) => {
  await expect(load(`broken/${file}`)).rejects.toThrow(message)
})

test("so is a file that is no TypeScript", async () => {
  const directory = await mkdtemp(join(tmpdir(), "fabra-cli-"))
  const file = join(directory, "features.ts")
  await writeFile(file, "export const one = 1\n\nexport const two: = 2\n")
  await expect(loadFeatures(file)).rejects.toThrow(/features\.ts:3: Unexpected token$/)
  await rm(directory, { recursive: true })
})

test.each(["my_features.ts", "common.cts"])("%s is loaded with no build step, afresh each time", async (file) => {
  const [first, second] = [await load(file), await load(file)]
  expect([...first.store.registry.entities.keys()]).toEqual(["User"])
  expect(first.store).not.toBe(second.store)
  expect(second.files).toEqual([join(FIXTURES, file)])
})

test("the features file of the README does what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8")
  const directory = await mkdtemp(join(FIXTURES, "copy-"))
  await writeFile(join(directory, "features.ts"), /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "")
  const { store } = await load(join(basename(directory), "features.ts"))
  expect(store.registry.handlersFor("purchase").map(({ feature }) => feature.name)).toEqual(["total_purchases"])
  await rm(directory, { recursive: true })
})

test("without a name it is features.ts, else src/features.ts", () => {
  expect(() => findFeatures(undefined)).toThrow("There is neither features.ts nor src/features.ts here.")
  expect(() => findFeatures("absent.ts")).toThrow("There is no file absent.ts.")
})

test("the command ends with 3 and one line; --verbose shows the stack, and what caused it", async () => {
  const { code, stdout, stderr } = await spawned(["features", "broken/definition.ts"])
  expect(stderr).toMatch(/^error: broken\/definition\.ts:5: entity name .*\n$/)
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" })
  const verbose = await fabra(["features", "broken/throws.ts", "--verbose"])
  expect(verbose.stderr).toMatch(/caused by: Error: no\nsuch database\n +at connect/)
})

test("a package that is not there is told with what puts it there", async () => {
  const file = join(await temporaryDirectory(), "features.ts")
  await writeFile(file, 'import "@nobody/core"\n')
  const { code, stderr } = await fabra(["features", file])
  expect(stderr).toMatch(
    /features\.ts:1: Cannot find (module|package) '@nobody\/core'.* \(Is it installed\? Run `npm install`\.\)\n$/,
  )
  expect(code).toBe(3)
})

test("a store that brings its own cache is refused", async () => {
  const { code, stderr } = await fabra(["worker", "broken/cached.ts"], {
    env: { FABRA_REDIS_URL: "redis://127.0.0.1:1" },
  })
  expect(stderr).toMatch(/^error: Your store has a bus or a cache already; make it with `new FeatureStore\(\)` .*\n$/)
  expect(code).toBe(2)
})

test("what it has opened does not keep a command that is done", async () => {
  expect(await spawned(["features", "open.ts"])).toMatchObject({ code: 0, stderr: "" })
})
