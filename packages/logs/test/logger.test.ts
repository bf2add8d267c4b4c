import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { FabraError } from "@fabra/events"
import { expect, test } from "vitest"
import { createLogger } from "../src/index.js"

function collected(options: Parameters<typeof createLogger>[0]) {
  const texts: string[] = []
  return { texts, logger: createLogger({ ...options, destination: { write: (text) => void texts.push(text) } }) }
}

test("an error is told with its message and stack", () => {
  const { texts, logger } = collected({})
  logger.error({ error: new TypeError("no") }, "it failed")
  const { error } = JSON.parse(texts[0] as string)
  expect(error).toMatchObject({ type: "TypeError", message: "no", stack: expect.stringContaining("logger.test") })
})

test("the type of an error is its name, whatever class made it", () => {
  const { texts, logger } = collected({})
  for (const error of [
    new FabraError("timeout", "late"),
    new TypeError("wrong"),
    Object.assign(new Error("own"), { name: "Own" }),
  ]) {
    logger.error({ error }, "failed")
  }
  expect(texts.map((text) => JSON.parse(text).error)).toMatchObject([
    { type: "FabraError", message: "late" },
    { type: "TypeError", message: "wrong" },
    { type: "Own", message: "own" },
  ])
})

test("nothing below the level is told", () => {
  const { texts, logger } = collected({ level: "warn" })
  logger.info({}, "a")
  logger.warn({}, "b")
  expect(texts.map((text) => JSON.parse(text).message)).toEqual(["b"])
})

test("for people, a line is text", async () => {
  const { texts, logger } = collected({ pretty: true })
  logger.info({ event_type: "purchase" }, "event applied")
  expect(texts.join("")).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: event applied {"event_type":"purchase"}\n$/)
})

test("lines for people obey no control character that an id or an error brought", () => {
  const { texts, logger } = collected({ pretty: true })
  const error = new Error("\u001b]0;title\u0007 gone\u009b2J")
  logger.error({ entity_id: "ann\u001b[2J\r", error }, "event\u001b[1A failed")
  const text = texts.join("")
  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u)
  expect(text).toContain("event\\u001b[1A failed")
  expect(text).toContain("\n") // the stack has kept its lines
})

test("lines are written in chunks, and none is lost when the process ends", async () => {
  const script = fileURLToPath(new URL("./many-lines.ts", import.meta.url))
  const { stderr } = await promisify(execFile)(process.execPath, ["--import", "tsx", script], { maxBuffer: 1e8 })
  const lines = stderr.trimEnd().split("\n")
  expect(lines.map((line) => JSON.parse(line).i)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
})
