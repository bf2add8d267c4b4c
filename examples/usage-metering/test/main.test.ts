import { expect, test, vi } from "vitest"

test("the program shows the features of accounts and endpoints", async () => {
  const table = vi.spyOn(console, "table").mockImplementation(() => {})
  await import("../src/main.js")
  const [accounts, endpoints] = table.mock.calls.map(([rows]) => rows)
  expect(accounts).toMatchObject([{ account: "acc_0", failed_streak: 2, days_since_login: 9 }, {}, {}])
  expect(endpoints).toMatchObject([
    { endpoint: "/search", endpoint_calls_1h: 30 },
    { endpoint: "/answer", endpoint_calls_1h: 15 },
    { endpoint: "/embed", endpoint_calls_1h: 15 },
  ])
  table.mockRestore()
})
