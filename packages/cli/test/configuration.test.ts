import { spawnSync } from "node:child_process"
import { createApiKey } from "@fabra/server"
import { afterEach, expect, test, vi } from "vitest"
import { configCommand } from "../src/commands/config.js"
import { spellApiKey } from "../src/serve/api-keys.js"
import { warnUnknown } from "../src/settings/unknown.js"
import { configurationPage } from "./configuration-page.js"
import { BIN, fabra, spawned } from "./fabra.js"

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** What `fabra config` prints; rejects with what it would end with. */
async function config(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true)
  const command = configCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  await command.parseAsync([...args], { from: "user" })
  return write.mock.calls.map(([text]) => text).join("")
}

async function settings(args: readonly string[], env: Readonly<Record<string, string>>) {
  const lines = JSON.parse(await config([...args, "--json"], env)) as {
    variable: string
    value: unknown
    source: string
  }[]
  return new Map(lines.map(({ variable, value, source }) => [variable, { value, source }]))
}

test("docs/configuration.md is what the table of settings says", async () => {
  await expect(configurationPage()).toMatchFileSnapshot("../../../docs/configuration.md")
})

test("a flag wins over a variable, a variable over the default", async () => {
  const env = { FABRA_PORT: "9000", FABRA_NAMESPACE: "shop", FABRA_WORKER_EVENT_TYPES: "a, b" }
  const found = await settings(["--namespace", "store"], env)
  expect(found.get("FABRA_NAMESPACE")).toEqual({ value: "store", source: "flag" })
  expect(found.get("FABRA_PORT")).toEqual({ value: "9000", source: "environment" })
  expect(found.get("FABRA_HOST")).toEqual({ value: "127.0.0.1", source: "default" })
  expect(found.get("FABRA_WORKER_EVENT_TYPES")).toEqual({ value: "a,b", source: "environment" })
  expect(found.get("FABRA_REDIS_URL")).toEqual({ value: null, source: "default" })
})

test("no secret is shown, nor repeated in an error", async () => {
  const { key, apiKey } = createApiKey("app", ["read"])
  const good = {
    FABRA_REDIS_URL: "redis://app:hush@db:6379/1",
    FABRA_API_KEY: "hush",
    FABRA_API_KEYS: spellApiKey(apiKey),
  }
  const shown = await config([], good)
  expect(shown).toContain("redis://app:***@db:6379/1")
  expect(shown).not.toMatch(/hush|sha256:[0-9a-f]/)
  const cluster = await config([], { FABRA_REDIS_URL: "redis://app:hush@a:6379, rediss://app:hush@b:6379" })
  expect(cluster).toContain("redis://app:***@a:6379,rediss://app:***@b:6379")
  for (const bad of [
    { FABRA_REDIS_URL: "reddis://app:hush@db" },
    { FABRA_REDIS_URL: "redis://db,http://app:hush@db" },
    { FABRA_API_KEYS: `app:read:${key}hush` },
    { FABRA_API_KEY: "hush\nhush" },
    { FABRA_SERVER_URL: "http://app:hush@server" },
    { FABRA_SERVER_URL: "https://server/?key=hush" },
    { OPENAI_BASE_URL: "https://app:hush@models/v1" },
    { OPENAI_BASE_URL: "hush" },
    { OPENAI_API_KEY: "sk-hush\nsk-hush" },
  ]) {
    await expect(config([], bad)).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.not.stringMatching(/hush/),
    })
    vi.unstubAllEnvs()
  }
})

test.each([
  [
    ["--port", "80000"],
    {},
    "option '--port <n>' argument '80000' is invalid. It must be a whole number from 0 to 65,535.",
  ],
  [[], { FABRA_PORT: "http" }, "option '--port <n>' value 'http' from env 'FABRA_PORT' is invalid. It must be a whole"],
  [[], { FABRA_WORKER_POLL_INTERVAL: "-1" }, "It must be a number of seconds from 0.001 to 3,600."],
  [["--on-dead-letter", "stop"], {}, "It must be continue or halt-entity."],
  [["--api-keys", ","], {}, "It is empty: name one API key or more, or leave it out."],
  [["--namespace", "a b"], {}, 'namespace name "a b" is not valid'],
  [
    ["--redis-url", "http://db"],
    {},
    "It must be an address that reads redis://host:port, rediss://host:port, unix:///path",
  ],
])("%j with %j is refused", async (args, env, message) => {
  await expect(config(args, env)).rejects.toThrow(message)
})

test("a variable that is none of ours is told, with the nearest that is", () => {
  const env = {
    FABRA_REDIS_URI: "x",
    FABRA_WORKER_BATCHSIZE: "1",
    FABRA_TEST_REDIS_URL: "x",
    FABRA_QUITE_ELSE: "x",
    A: "b",
  }
  expect(warnUnknown(env)).toEqual([
    'FABRA_REDIS_URI is not a setting of fabra. Did you mean "FABRA_REDIS_URL"?',
    'FABRA_WORKER_BATCHSIZE is not a setting of fabra. Did you mean "FABRA_WORKER_BATCH_SIZE"?',
    "FABRA_QUITE_ELSE is not a setting of fabra.",
  ])
})

test("the command itself warns of those, takes what is empty for not set, and ends with 2 where a setting is wrong", async () => {
  const { code, stdout, stderr } = await spawned(["config", "--json"], { env: { FABRA_HOST: "", FABRA_HOSTS: "x" } })
  expect(stderr).toBe('warning: FABRA_HOSTS is not a setting of fabra. Did you mean "FABRA_HOST"?\n')
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ variable: "FABRA_HOST", value: "127.0.0.1" }))
  expect(code).toBe(0)
  for (const FABRA_API_KEYS of ["", " , "]) {
    const keyless = await fabra(["config"], { env: { FABRA_API_KEYS } })
    expect(keyless).toMatchObject({ code: 2, stdout: "" })
    expect(keyless.stderr).toContain("FABRA_API_KEYS: It is empty: name one API key or more, or leave it out.")
  }
  const wrong = await spawned(["config"], { env: { FABRA_PORT: "x" } })
  expect(wrong.stderr.trim().split("\n")).toHaveLength(1)
  expect(wrong).toMatchObject({ code: 2, stdout: "" })
})

test.runIf(process.platform === "linux")(
  "output that cannot be written is a failure; a reader who has enough is none",
  () => {
    const run = (line: string) => spawnSync("bash", ["-c", line, process.execPath, BIN], { encoding: "utf8" })
    const full = run('"$0" "$1" config > /dev/full')
    expect(full).toMatchObject({ status: 1, stderr: expect.stringContaining("The output cannot be written: ENOSPC") })
    const enough = run('set -o pipefail; "$0" "$1" config | true')
    expect(enough).toMatchObject({ status: 0, stderr: "" })
  },
)
