import { expect, onTestFinished, test, vi } from "vitest"
import { Screen } from "../dev/screen.js"
import { noticeLine } from "../feed/notice-line.js"
import { print, say, table } from "./output.js"

const evil = "ann\u001b[2J\u009b31m\r\nfake line\u202e"
const harmless = "ann\\u001b[2J\\u009b31m\\u000d\\u000afake line\\u202e"

function written(stream: NodeJS.WriteStream): () => string {
  const write = vi.spyOn(stream, "write").mockReturnValue(true)
  onTestFinished(() => write.mockRestore())
  return () => write.mock.calls.map(([text]) => text).join("")
}

const notice = {
  event_type: evil,
  entity: "User",
  entity_id: evil,
  event_id: "e",
  features: { plan: evil },
  attempts: 1,
  duration_ms: 1,
}

test("what data brings into a line or a table is shown, not obeyed", () => {
  for (const text of [noticeLine(notice), table(["id"], [[evil]]).replaceAll("\n", "")]) {
    expect(text).not.toMatch(/\p{Cc}|\u202e/u)
    expect(text).toContain(harmless)
  }
})

test("no command writes a control character but the end of a line, whatever it was told", () => {
  const [stdout, stderr] = [written(process.stdout), written(process.stderr)]
  print(false, {}, () => `first\n${evil}`)
  say(`error: ${evil}`)
  const error = { name: "Error", message: evil }
  const screen = new Screen(false)
  screen.applied({ applied: [notice], skipped: 0 })
  screen.logger.warn({ error }, "not\u0007 good")
  screen.logger.error({ event_type: evil, entity_id: evil, reason: "invalid_event", error }, "dead letter")
  expect((stdout() + stderr()).replaceAll("\n", "")).not.toMatch(/\p{Cc}|\u202e/u)
  expect(stdout().split("\n")).toHaveLength(7) // the forged line is none
})

test("JSON is written as it is", () => {
  const stdout = written(process.stdout)
  print(true, { evil }, () => "")
  expect(JSON.parse(stdout())).toEqual({ evil })
})
