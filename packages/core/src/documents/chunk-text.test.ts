import fc from "fast-check"
import { expect, test } from "vitest"
import { chunkText } from "./chunk-text.js"

/** One token for each word, and for each sign by itself. */
const countTokens = (text: string) => text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)?.length ?? 0
const cut = (text: string, maxTokens: number, overlapTokens = 0) =>
  chunkText(text, { maxTokens, overlapTokens, countTokens })

test("a text that fits is one chunk, without the blank space around it", () => {
  expect(cut("  Hello there.\n", 10)).toEqual([{ text: "Hello there.", start: 2, end: 14 }])
  expect(cut("Hello there.", 3)).toHaveLength(1)
})

test.each(["", " ", "\n\t \n"])("a blank text has no chunk: %j", (text) => {
  expect(cut(text, 5)).toEqual([])
})

test("cuts at the ends of sentences and lines", () => {
  const text = "# A title\nOne two three. Four five six! Is it seven?\n\nA new line"
  expect(cut(text, 8).map((chunk) => chunk.text)).toEqual([
    "# A title\nOne two three.",
    "Four five six! Is it seven?",
    "A new line",
  ])
})

test("begins a chunk with the end of the last one", () => {
  const text = "One two. Three four. Five six. Seven eight."
  expect(cut(text, 6, 3).map((chunk) => chunk.text)).toEqual([
    "One two. Three four.",
    "Three four. Five six.",
    "Five six. Seven eight.",
  ])
  // No overlap where the next sentence would not fit behind it.
  expect(cut("One two. Three four five six seven.", 6, 3).map((chunk) => chunk.text)).toEqual([
    "One two.",
    "Three four five six seven.",
  ])
})

test("cuts a sentence that is too long between words, and a word between characters", () => {
  const long = Array.from({ length: 100 }, (_, n) => `w${n}`).join(" ")
  const chunks = cut(long, 10)
  for (const { text } of chunks) expect(text).toMatch(/^(w\d+ ?)+$/)
  expect(chunks.map(({ text }) => text).join(" ")).toBe(long)
  const signs = chunkText("😀".repeat(50), { maxTokens: 7, overlapTokens: 0, countTokens: (text) => [...text].length })
  expect(signs.map(({ text }) => text).join("")).toBe("😀".repeat(50))
  for (const { text } of signs) expect([...text].length).toBeLessThanOrEqual(7)
})

test("every chunk stands where it says, is small enough, and nothing but blank space is left out", () => {
  const word = fc.oneof(fc.string({ unit: "grapheme", minLength: 1, maxLength: 9 }), fc.constantFrom("a", "Dr.", "😀"))
  const gap = fc.constantFrom(" ", "\n", ". ", "! ", "\n\n", "")
  const texts = fc.array(fc.tuple(word, gap), { maxLength: 60 }).map((parts) => parts.flat().join(""))
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 10 }), (text, max, overlap) => {
      const chunks = cut(text, max, Math.min(overlap, max - 1))
      let covered = 0
      let last = { start: -1, end: 0 }
      for (const chunk of chunks) {
        expect(chunk.text).toBe(text.slice(chunk.start, chunk.end))
        expect(chunk.text.trim()).toBe(chunk.text)
        expect(chunk.text).not.toBe("")
        // Signs that only a cut inside them could part may be too many.
        if ([...chunk.text].length > 1) expect(countTokens(chunk.text)).toBeLessThanOrEqual(max)
        expect(text.slice(covered, chunk.start).trim()).toBe("")
        expect(chunk.start > last.start && chunk.end > last.end).toBe(true)
        covered = Math.max(covered, chunk.end)
        last = chunk
      }
      expect(text.slice(covered).trim()).toBe("")
    }),
  )
})

test("takes its time in proportion to the text, lines or none", () => {
  const line = "word ".repeat(50_000)
  const chunks = cut(line, 400, 50)
  expect(chunks.length).toBeGreaterThan(120)
  expect(cut(line.replaceAll(" ", ""), 1)).toHaveLength(1)
})
