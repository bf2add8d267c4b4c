import { countTokens as exact } from "gpt-tokenizer/encoding/cl100k_base"
import { expect, test } from "vitest"
import { countTokens } from "./tokens.js"

test("counts texts of words of usual length exactly, however long they are", () => {
  const text = "The quick brown fox jumps over the lazy dog, and 17 others. ".repeat(2_000)
  expect(countTokens(text)).toBe(exact(text))
  expect(countTokens("what looks like <|endoftext|> is text")).toBeGreaterThan(6)
})

// Counted at once, 160,000 spaces take 18 s.
test.each([
  ["spaces", " "],
  ["one letter", "a"],
  ["an alphabet", "abcdefghijklmnopqrstuvwxyz"],
  ["signs", "-=_"],
  ["ideograms", "漢字"],
  ["emoji", "😀"],
])("a word of 160,000 characters is counted in parts, about right: %s", (_what, part) => {
  const text = part.repeat(Math.ceil(160_000 / part.length))
  const short = part.repeat(8_000 / part.length)
  expect(countTokens(short)).toBeGreaterThan(0.95 * exact(short))
  expect(countTokens(short)).toBeLessThan(1.2 * exact(short) + 2)
  expect(countTokens(text)).toBeGreaterThan(0)
})
