import { expect, test } from "vitest"
import { checkEntityId, checkEventId, checkName, utf8Length } from "./names.js"

test.each(["a", "_", "User", "a.b:c-d_1", "__proto__", "x".repeat(128)])("allows the name %s", (name) => {
  checkName("feature", name)
})

test.each(["", "1a", "-a", ".a", "a b", "a/b", "a\n", "ä", "x".repeat(129), null, 5])("refuses the name %s", (name) => {
  const check = () => checkName("feature", name, "features[0]")
  expect(check).toThrow(expect.objectContaining({ code: "invalid_name", path: "features[0]" }))
  expect(check).toThrow(/feature/)
})

test.each([" ", "\u0000", "a\nb", "a/b", "{}", "😀", "x".repeat(1024), "😀".repeat(256)])(
  "allows the entity id %j",
  (id) => {
    checkEntityId(id)
  },
)

test.each(["", "x".repeat(1025), "ü".repeat(513), "\ud800", "\udc00a", "a\ud83d", null, 5, {}])(
  "refuses the entity id %j",
  (id) => {
    expect(() => checkEntityId(id)).toThrow(expect.objectContaining({ code: "invalid_argument", path: "entity_id" }))
  },
)

test("refuses control characters in event ids only", () => {
  checkEventId("a b/😀")
  for (const id of ["a\nb", "\u0000", "\u007f"]) {
    expect(() => checkEventId(id)).toThrow(expect.objectContaining({ code: "invalid_argument", path: "event_id" }))
  }
})

test.each(["", "abc", "ü", "€", "😀", "a😀ü€\u0000", "👩‍👩‍👧"])("counts the bytes of %j", (text) => {
  expect(utf8Length(text)).toBe(Buffer.byteLength(text))
})
