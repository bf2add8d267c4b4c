import { type Clock, systemClock } from "../clock.js"

// Crockford's base 32: no I, L, O, U; sorts like the number it spells. https://www.crockford.com/base32.html
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
const RANDOM_LENGTH = 16

let lastTime = -1
let lastRandom: number[] = []

/**
 * A new event id: `evt_`, 10 characters of time (48-bit milliseconds), 16 characters of chance (80 bits), as in ULID
 * (https://github.com/ulid/spec). Ids made by one process sort in the order in which they were made.
 */
export function newEventId(clock: Clock = systemClock): string {
  const time = clock.now()
  if (time > lastTime) {
    lastTime = time
    lastRandom = randomDigits(clock)
  } else {
    increment(lastRandom)
  }
  return `evt_${spellTime(lastTime)}${lastRandom.map((digit) => DIGITS[digit]).join("")}`
}

function randomDigits(clock: Clock): number[] {
  const digits =
    clock === systemClock
      ? Array.from(randomBytes(), (byte) => byte & 31)
      : Array.from({ length: RANDOM_LENGTH }, () => Math.floor(clock.random() * 32))
  digits[0] = (digits[0] as number) & 15 // room to count up within one millisecond
  return digits
}

/** Drawn many at once: a call costs more than the bytes. */
const drawn = new Uint8Array(256 * RANDOM_LENGTH)
let used = drawn.length

function randomBytes(): Uint8Array {
  if (used === drawn.length) {
    crypto.getRandomValues(drawn)
    used = 0
  }
  used += RANDOM_LENGTH
  return drawn.subarray(used - RANDOM_LENGTH, used)
}

function increment(digits: number[]): void {
  for (let i = digits.length - 1; i >= 0; i--) {
    if (digits[i] === 31) digits[i] = 0
    else {
      digits[i] = (digits[i] as number) + 1
      return
    }
  }
}

let spelledTime = -1
let spelled = ""

function spellTime(time: number): string {
  if (time === spelledTime) return spelled
  let rest = time
  let text = ""
  for (let i = 0; i < 10; i++) {
    text = DIGITS[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  spelledTime = time
  spelled = text
  return text
}
