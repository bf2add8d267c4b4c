/** A short, readable picture of any value for an error message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
  if (typeof value === "bigint") return `${value}n`
  if (typeof value === "function") return isClass(value) ? "a class" : "a function"
  if (typeof value === "object" && value !== null) return kindOf(value)
  return String(value)
}

/** What an object is an instance of. One that tells nothing, or throws when it is asked, is just an object. */
function kindOf(value: object): string {
  try {
    if (Array.isArray(value)) return "an array"
    if (value instanceof Date) return "a Date"
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
    return typeof name === "string" && name !== "" && name !== "Object"
      ? `an instance of ${name.slice(0, 60)}`
      : "an object"
  } catch {
    return "an object"
  }
}

function isClass(value: object): boolean {
  try {
    return Function.prototype.toString.call(value).startsWith("class")
  } catch {
    return false
  }
}

/** The end of a message about an unknown name: ` Did you mean "plan"?`, empty when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const [near] = nearest(name, known)
  return near === undefined ? "" : ` Did you mean "${near}"?`
}

/** The names in `known` nearest to `name`, best first, at most three. */
export function nearest(name: string, known: Iterable<string>): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3))
  return [...known]
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, swap))
    }
    row = next
  }
  return row[b.length] as number
}

// Control characters, and those that turn the direction of text: a terminal obeys both.
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu

/**
 * A text that comes from data, as one line that a terminal shows and does not obey: control characters become escapes, as
 * `\\u001b`. For texts that people read; JSON is written as it is.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
}
