import { mkdir, readdir, readFile, symlink } from "node:fs/promises"
import { join, resolve } from "node:path"
import { startRedisServer } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { createProject, nextCommands } from "../src/init/init.js"
import { FIXTURES, fabra, spawned } from "./fabra.js"
import { start, temporaryDirectory } from "./with-the-test.js"

test("topology: a tree, a graph, and JSON", async () => {
  const [tree, graph, json] = await Promise.all(
    [[], ["--mermaid"], ["--json"]].map((flags) => fabra(["topology", "my_features.ts", ...flags])),
  )
  expect(tree?.stdout).toBe(`purchase
├─ User.last_purchase_amount
├─ User.total_purchases
└─ User.total_spent
risky_event
└─ User.risky_feature
hang
└─ User.hanging_feature
block
└─ User.blocking_feature
(set directly)
└─ User.plan
`)
  expect(graph?.stdout).toMatch(
    /^graph LR\n {2}e0\(\["purchase"\]\)\n[\s\S]* {2}subgraph User\n {4}f0\["last_purchase_amount"\]/,
  )
  expect(graph?.stdout).toContain("\n  e0 --> f1\n")
  expect(JSON.parse(json?.stdout ?? "")).toContainEqual({ event: "purchase", feature: "total_spent", entity: "User" })
})

test("doctor, topology and dev warn of an event that changes features of two entities", async () => {
  const warning = /Event "call" changes features of Account \("calls"\) and Endpoint \("endpoint_calls"\)/
  expect((await fabra(["doctor", "two_entities.ts"])).stdout).toMatch(
    new RegExp(`^warn {2}features +${warning.source}`, "m"),
  )
  const topology = await fabra(["topology", "two_entities.ts", "--json"])
  expect(topology.stderr).toMatch(warning)
  expect(JSON.parse(topology.stdout)).toHaveLength(2)
  const dev = start(["dev", "two_entities.ts", "--port", "0"])
  await dev.says(warning)
  await dev.stop()
})

test("doctor says how to mend what is amiss, and fails for it", async () => {
  const redis = await startRedisServer({ args: ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"] })
  onTestFinished(() => redis.stop())
  const env = { FABRA_NAMESPACE: redis.namespace(), FABRA_REDIS_URL: redis.url, FABRA_PROT: "1" }
  const { code, stdout } = await spawned(["doctor", "absent.ts"], { env })
  expect(stdout).toMatch(
    /^warn {2}settings +FABRA_PROT is not a setting of fabra\. Did you mean "FABRA_PORT"\?\n +→ correct its name/m,
  )
  expect(stdout).toMatch(
    /^fail {2}features +There is no file absent\.ts\.\n +→ name your features file: fabra doctor <file>/m,
  )
  if (!redis.isExternal) {
    expect(stdout).toMatch(/^fail {2}eviction +allkeys-lru: .*\n +→ CONFIG SET maxmemory-policy noeviction/m)
    expect(stdout).toMatch(/^warn {2}persistence +no append-only file: .*\n +→ CONFIG SET appendonly yes/m)
  }
  expect(stdout).toMatch(/^ok {4}namespace +test-.*: not in use yet/m)
  expect(code).toBe(1)

  const away = await fabra(["doctor", "my_features.ts", "--json"], { env: { FABRA_REDIS_URL: "redis://127.0.0.1:1" } })
  expect(JSON.parse(away.stdout).at(-1)).toMatchObject({
    name: "redis",
    status: "fail",
    mend: expect.stringMatching(/^start Redis/),
  })
  expect(away.code).toBe(1)
})

test("init makes a project of this version, in a directory where nothing is", async () => {
  const directory = join(await temporaryDirectory(), "My Shop!")
  await mkdir(join(directory, ".git", "hooks"), { recursive: true })
  const files = createProject(directory, "1.2.3")
  expect(files.filter((file) => file.startsWith(".git"))).toEqual([".gitignore"])
  expect(files).toEqual(
    expect.arrayContaining([
      ".gitignore",
      "package.json",
      join("src", "features.ts"),
      join("test", "features.test.ts"),
    ]),
  )
  const manifest = JSON.parse(await readFile(join(directory, "package.json"), "utf8"))
  expect(manifest).toMatchObject({
    name: "my-shop-",
    dependencies: { "@fabra/cli": "^1.2.3", zod: expect.any(String) },
  })
  const { code, stderr } = await fabra(["init", FIXTURES])
  expect(stderr).toBe(`error: ${FIXTURES} is not empty; name a new directory.\n`)
  expect(code).toBe(2)
})

test("init takes an empty directory also by a link to it", async () => {
  const parent = await temporaryDirectory()
  await mkdir(join(parent, "shop"))
  await symlink("shop", join(parent, "link"))
  createProject(join(parent, "link"), "1.2.3")
  expect(await readdir(join(parent, "shop"))).toContain("package.json")
})

test("init prints commands that work where it was run: from a clone the packages come from there", async () => {
  const clone = resolve(import.meta.dirname, "../../..")
  const directory = join(await temporaryDirectory(), "my shop")
  const { stdout } = await fabra(["init", directory, "--json"])
  expect(JSON.parse(stdout).next).toEqual([
    `npm --prefix ${clone} run vendor -- '${directory}'`,
    `cd '${directory}' && npm run dev`,
  ])
  expect(nextCommands("shop", undefined)).toEqual(["cd shop && npm install", "npm run dev"])
  expect(nextCommands(".", undefined)).toEqual(["npm install", "npm run dev"])
  expect(nextCommands("../shop", process.cwd())).toEqual(["npm run vendor -- ../shop", "cd ../shop && npm run dev"])
})
