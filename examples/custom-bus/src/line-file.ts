import { closeSync, fdatasyncSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs"
import { dirname } from "node:path"

const LINE_FEED = "\n".charCodeAt(0)
/** Ends a line that was left half-written; all others end with a brace. */
const STRIKE = "~"

/**
 * A file that grows line by line, written under the lock, read without it. It knows only lines that end with a line feed
 * and are on the disk: whatever it has shown will be there after any crash. A process that dies while it writes leaves
 * half a line at the end. Nobody sees it, and who appends next strikes it out; nothing is ever cut off, for somebody may
 * be reading just there.
 */
export class LineFile {
  readonly path: string
  /** Where each line begins, in bytes. */
  readonly #starts: number[] = []
  #end = 0

  constructor(path: string) {
    this.path = path
  }

  get count(): number {
    return this.#starts.length
  }

  /** Its bytes, as far as they are whole lines. */
  get bytes(): number {
    return this.#end
  }

  /** Looks for new lines, of this process or any other; returns false when there is no such file. */
  refresh(): boolean {
    const file = openIfThere(this.path)
    if (file === undefined) return false
    try {
      const { size } = fstatSync(file)
      if (size < this.#end) {
        // Nobody cuts anything off: an older copy was put back.
        this.#starts.length = 0
        this.#end = 0
      }
      const added = readAt(file, this.#end, size - this.#end)
      const length = added.lastIndexOf(LINE_FEED) + 1
      if (length === 0) return true
      fdatasyncSync(file)
      for (let start = 0, end = 0; start < length; start = end + 1) {
        end = added.indexOf(LINE_FEED, start)
        if (added[end - 1] !== STRIKE.charCodeAt(0)) this.#starts.push(this.#end + start)
      }
      this.#end += length
      return true
    } finally {
      closeSync(file)
    }
  }

  /** Lines from the one with this index on, at most `limit`, as of the last {@link refresh}. */
  read(from: number, limit: number): string[] {
    const start = this.#starts[from]
    if (start === undefined || limit <= 0) return []
    const end = this.#starts[from + limit] ?? this.#end
    const file = openSync(this.path, "r")
    try {
      const lines = readAt(file, start, end - start - 1)
        .toString()
        .split("\n")
      return lines.filter((line) => !line.endsWith(STRIKE))
    } finally {
      closeSync(file)
    }
  }

  /** Adds lines; they are on the disk when it returns. To be called under the lock. */
  append(lines: readonly string[]): void {
    this.refresh()
    const file = openSync(this.path, "a")
    try {
      if (this.#end === 0) syncDirectory(dirname(this.path))
      const half = fstatSync(file).size > this.#end ? `${STRIKE}\n` : ""
      const bytes = Buffer.from(`${half}${lines.join("\n")}\n`)
      const written = writeSync(file, bytes)
      if (written < bytes.length) throw new Error(`Only ${written} of ${bytes.length} bytes went to ${this.path}.`)
    } finally {
      closeSync(file)
    }
    this.refresh()
  }
}

/** Makes a file that was just created, or renamed, be there after a power cut. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r")
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

function readAt(file: number, start: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, length))
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start))
}
