import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { createApp } from "../src/app.js"
import { createParts } from "../src/parts.js"

test("a purchase that was taken is in the total; one that is none is refused", async () => {
  const app = createApp(createParts(undefined), { logger: false })
  const buy = (body: object) => app.inject({ method: "POST", url: "/users/user_123/purchases", body })
  const total = async () => (await app.inject("/users/user_123/total-spend")).json()

  expect(await total()).toEqual({ total_spend: 0, status: "DEFAULT" })
  const refused = await buy({ amount: "much" })
  expect(refused.statusCode).toBe(400)
  expect(refused.json()).toMatchObject({ code: "invalid_event", issues: [{ path: "payload.amount" }] })

  for (const amount of [99.99, 5.01]) {
    const taken = await buy({ amount })
    expect(taken.statusCode).toBe(202)
    expect(taken.json()).toEqual({ event_id: expect.stringMatching(/^evt_/) })
  }
  await expect.poll(total).toEqual({ total_spend: 105, status: "PRESENT" })
  await app.close()
})

test("the program ends by itself when it is told to", { timeout: 30_000 }, async () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
  const env = { ...process.env, PORT: "0", REDIS_URL: undefined }
  const app = spawn(process.execPath, ["--import", "tsx", main], { env, stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void app.kill("SIGKILL"))
  for await (const line of app.stdout) if (String(line).includes("Server listening")) break
  app.kill("SIGTERM")
  expect(await once(app, "exit")).toEqual([0, null])
})
