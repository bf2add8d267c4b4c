import { checkName } from "@fabra/events/adapter"
import { InvalidArgumentError } from "commander"

/** What a setting may be: how it is read from text, and how that is told to people. */
export interface Kind<Value> {
  /** For tables: `whole number, 1 to 100`. */
  readonly type: string
  /** @throws InvalidArgumentError saying what it must be */
  readonly read: (text: string) => Value
}

/** Any text. */
export const text: Kind<string> = { type: "text", read: (given) => given }

/** A path to a file. */
export const path: Kind<string> = { type: "path", read: (given) => given }

/** A whole number within limits. */
export function wholeNumber(min: number, max: number): Kind<number> {
  return number("whole number", min, max, /^\d+$/)
}

/** A length of time in seconds, as the seed of all `FABRA_*` variables has it; fractions are fine. */
export function seconds(min: number, max: number): Kind<number> {
  return number("seconds", min, max, /^(\d+\.?\d*|\.\d+)$/)
}

function number(what: string, min: number, max: number, spelling: RegExp): Kind<number> {
  const range = `${min.toLocaleString("en")} to ${max.toLocaleString("en")}`
  return {
    type: `${what}, ${range}`,
    read(given) {
      const value = Number(given)
      if (spelling.test(given) && value >= min && value <= max) return value
      throw mustBe(what === "seconds" ? `a number of seconds from ${range}` : `a ${what} from ${range}`)
    },
  }
}

/** Seconds as the milliseconds that everything inside counts in. */
export function toMs(seconds: number): number {
  return Math.round(seconds * 1_000)
}

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Kind<Word> {
  return {
    type: words.join(" or "),
    read(given) {
      const found = words.find((word) => word === given)
      if (found !== undefined) return found
      throw mustBe(words.join(" or "))
    },
  }
}

/** What another kind may be, or a word. */
export function orWord<Value, const Word extends string>(word: Word, kind: Kind<Value>): Kind<Value | Word> {
  return { type: `${kind.type}, or ${word}`, read: (given) => (given === word ? word : kind.read(given)) }
}

/** A name as events, groups and namespaces have. */
export function name(what: string): Kind<string> {
  return {
    type: "name",
    read(given) {
      try {
        checkName(what, given)
        return given
      } catch (error) {
        throw new InvalidArgumentError((error as Error).message)
      }
    },
  }
}

/** An address with one of the given schemes. */
export function url(...schemes: readonly string[]): Kind<string> {
  return {
    type: `${schemes.map((scheme) => `${scheme}://`).join(" or ")} address`,
    read(given) {
      const scheme = URL.canParse(given) ? new URL(given).protocol.slice(0, -1) : ""
      if (schemes.includes(scheme)) return given
      throw mustBe(`an address that reads ${schemes.map((one) => `${one}://host:port`).join(" or ")}`)
    },
  }
}

/** An HTTP address under which paths are asked for: `fetch` refuses one with a user, and shows the password with that. */
export function httpAddress(mend: string): Kind<string> {
  const { type, read } = url("http", "https")
  return {
    type,
    read(given) {
      const { username, password, search, hash } = new URL(read(given))
      if (username + password + search + hash === "") return given
      throw mustBe(`an address without user, password, query and fragment: ${mend}`)
    },
  }
}

/** What is sent in a header, which holds nothing but visible characters. */
export const headerText: Kind<string> = {
  type: "text",
  read(given) {
    const trimmed = given.trim()
    if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed
    throw mustBe("one word of visible ASCII characters, without a line break")
  },
}

const REDIS = ["redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"]

/** Where Redis is, as `url` of bus and cache has it; several addresses are kept as one text. */
export const redisAddresses: Kind<string> = {
  type: "redis://, rediss://, unix:// or redis+sentinel:// address, or several separated by commas",
  read(given) {
    const addresses = given.split(",").map((one) => one.trim())
    const isKnown = (one: string) => URL.canParse(one) && REDIS.includes(new URL(one).protocol.slice(0, -1))
    if (addresses.every(isKnown)) return addresses.join(",")
    throw mustBe(
      "an address that reads redis://host:port, rediss://host:port, unix:///path/to/redis.sock or redis+sentinel://host:port/name-of-the-master",
    )
  },
}

/** One or more of a kind, separated by commas. */
export function list<Value>(kind: Kind<Value>): Kind<readonly Value[]> {
  return {
    type: `${kind.type}s, separated by commas`,
    read(given) {
      const parts = given.split(",").filter((part) => part.trim() !== "")
      if (parts.length === 0)
        throw new InvalidArgumentError(`It is empty: name one ${kind.type} or more, or leave it out.`)
      return parts.map((part) => kind.read(part.trim()))
    },
  }
}

function mustBe(rule: string): InvalidArgumentError {
  return new InvalidArgumentError(`It must be ${rule}.`)
}
