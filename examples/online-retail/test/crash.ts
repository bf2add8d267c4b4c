// The whole data set on a private Redis, by two workers of which one is killed half-way: `npm run crash`.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { startRedisServer } from "@fabra/testing"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const server = await startRedisServer()
const args = ["--redis", server.url, "--workers", "2", "--crash", ...process.argv.slice(2)]
const child = spawn(process.execPath, ["--import", "tsx", main, ...args], { stdio: "inherit" })
const [code] = await once(child, "exit")
await server.stop()
process.exitCode = code ?? 1
