import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { fabra } from "./fabra.js"

const packages = fileURLToPath(new URL("../..", import.meta.url))

/** Sent by ioredis of its own accord. */
const DRIVER = ["client|setname", "cluster|slots", "readonly", "select"]

test("doctor --acl names every command in the code of what speaks to Redis, and no other", async () => {
  const { stdout } = await fabra(["doctor", "--acl", "--json"])
  const directories = ["bus-redis/src", "cache-redis/src", "redis-transport/src", "cli/src/feed", "cli/src/doctor"]
  const inCode = new Set(directories.flatMap((directory) => commandsIn(join(packages, directory))))
  expect(JSON.parse(stdout).commands).toEqual([...inCode, ...DRIVER].sort())
})

test("doctor --acl is a rule for redis-cli, for the user of the address, and connects to nothing", async () => {
  const env = { FABRA_REDIS_URL: "redis://shop%2Dapp:secret@127.0.0.1:1/2", FABRA_NAMESPACE: "shop" }
  const { code, stdout, stderr } = await fabra(["doctor", "--acl"], { env })
  const head = "ACL SETUSER shop-app on resetkeys resetchannels -@all ~shop:* ~{shop:dlq}:* &shop:applied +asking "
  expect(stdout.startsWith(head), stdout).toBe(true)
  expect(stdout + stderr).not.toContain("secret")
  expect(code).toBe(0)
})

/** The commands that sources name: in scripts, as methods of a client, and as objects that are sent. */
function commandsIn(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" })
  const isSource = (file: string) => file.endsWith(".ts") && !file.endsWith(".test.ts")
  return files.filter(isSource).flatMap((file) => {
    const text = readFileSync(join(directory, file), "utf8")
    return CALLS.flatMap((pattern) =>
      [...text.matchAll(pattern)].flatMap(([, command = "", sub]) => toRule(command, sub)),
    )
  })
}

const CALLS = [
  /\b(?:p?call|send)\('([A-Z]+)'(?:, '([A-Z]+)')?/g,
  /(?:\b(?:redis|node|subscriber)|#publisher(?=\.publish))\.([a-z]+)\((?:"([A-Z]+)")?/g,
  /\bname: "([A-Za-z]+)", args(?:: \["([A-Z]+)"\])?/g,
]
const METHODS = new Set(["on", "call", "pcall", "connect", "disconnect", "duplicate", "close"])
const WITH_SUB_COMMANDS = new Set(["client", "cluster", "pubsub", "xgroup", "xinfo"])

function toRule(command: string, sub: string | undefined): string[] {
  const name = command.toLowerCase()
  if (METHODS.has(name)) return []
  return [WITH_SUB_COMMANDS.has(name) ? `${name}|${sub?.toLowerCase()}` : name]
}
