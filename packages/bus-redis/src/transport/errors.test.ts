import { BusFullError, FabraError } from "@fabra/events"
import { Closed, NotConnected, refusal as reply } from "@fabra/redis-transport"
import { expect, test } from "vitest"
import { toBusError, toPublishError } from "./errors.js"

const lost = Object.assign(new Error("Reached the max retries per request limit (which is 0)."), {
  name: "MaxRetriesPerRequestError",
})
const notWriteable = new Error("Stream isn't writeable and enableOfflineQueue options is false")

test("speaks to users of what happened, not of the driver's settings", () => {
  expect(toBusError(lost)).toMatchObject({ code: "bus_unavailable", message: "Redis: the connection was lost" })
  expect(toBusError(new Closed())).toMatchObject({ code: "bus_closed", message: "The bus is closed." })
  expect(toBusError(notWriteable)).toMatchObject({ message: "Redis: there is no connection" })
  expect(toBusError(reply("WRONGTYPE Operation against"))).toMatchObject({ code: "internal" })
  expect(toBusError(reply("NOAUTH Authentication required."))).toMatchObject({ code: "bus_unavailable" })
})

test("of a publish says whether it may have been taken", () => {
  expect(toPublishError(reply("OOM command not allowed"), false)).toBeInstanceOf(BusFullError)
  expect(toPublishError(reply("OOM command not allowed"), true)).toMatchObject({ code: "publish_unknown" })
  expect(toPublishError(new NotConnected("connect ECONNREFUSED"), false)).toMatchObject({ code: "bus_unavailable" })
  expect(toPublishError(lost, true)).toMatchObject({ code: "publish_unknown", cause: lost })
  const closed = new FabraError("bus_closed", "The bus is closed.")
  expect(toPublishError(closed, false)).toMatchObject({ code: "bus_closed", message: closed.message, cause: closed })
  expect(toPublishError(closed, true)).toMatchObject({ code: "publish_unknown" })
})
