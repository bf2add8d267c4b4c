import { once } from "node:events"
import { expect, test } from "vitest"
import { createApp } from "../src/app.js"
import { createParts } from "../src/parts.js"
import { startProgram } from "./program.js"

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
  const { app } = await startProgram()
  app.kill("SIGTERM")
  expect(await once(app, "exit")).toEqual([0, null])
})
