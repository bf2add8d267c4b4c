import { FabraApiError } from "@fabra/client"
import { expect, test } from "vitest"
import { describeError, errorToJson, firstError } from "./report-error.js"

test("why a command failed is told, and not that something could not be closed afterwards", async () => {
  const fail = async () => {
    await using _ = { [Symbol.asyncDispose]: () => Promise.reject(new Error("not closed")) }
    throw new Error("failed")
  }
  const thrown = await fail().catch((error) => error)
  expect(firstError(thrown)).toMatchObject({ message: "failed" })
  expect(firstError("text")).toBe("text")
})

test("an error of the HTTP API keeps its code, and is told with what to do", () => {
  const error = new FabraApiError("rate_limited", "Too many requests.", { status: 429 })
  expect(JSON.parse(errorToJson(error))).toEqual({ error: { code: "rate_limited", message: "Too many requests." } })
  const noKey = new FabraApiError("unauthorized", "No key.", { status: 401 })
  expect(describeError(noKey, false)).toBe("error: No key. Give it with FABRA_API_KEY.\n")
})
