import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** Starts the program; resolves to its process and address when it answers. */
export async function startProgram(redisUrl?: string) {
  const env = { ...process.env, PORT: "0", REDIS_URL: redisUrl }
  const app = spawn(process.execPath, ["--import", "tsx", main], { env, stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void app.kill("SIGKILL"))
  const url = await new Promise<string>((resolve, reject) => {
    app.stdout.on("data", (chunk) => {
      const [, address] = /Server listening at (http:\/\/127[^"]+)/.exec(String(chunk)) ?? []
      if (address !== undefined) resolve(address)
    })
    app.once("exit", (code) => reject(new Error(`The program has ended with ${code}.`)))
  })
  await fetch(url) // it says that it listens on one address before it does on the other
  return { app, url }
}
