import { closeSync, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs"
import { dirname } from "node:path"

const LINE_FEED = 10

/**
 * A file that grows line by line, written under the lock, read without it. It knows only lines that end with a line feed
 * and are on the disk: whatever it has shown will be there after any crash. A process that dies while it writes leaves
 * half a line at the end; nobody sees it, and who appends next cuts it off.
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

  /** Bytes of all its lines. */
  get bytes(): number {
    return this.#end
  }

  /** Looks for new lines, of this process or any other. */
  refresh(): void {
    const file = openIfThere(this.path)
    if (file === undefined) return
    try {
      const added = readAt(file, this.#end, fstatSync(file).size - this.#end)
      const length = added.lastIndexOf(LINE_FEED) + 1
      if (length === 0) return
      fdatasyncSync(file)
      for (let start = 0; start < length; start = added.indexOf(LINE_FEED, start) + 1) {
        this.#starts.push(this.#end + start)
      }
      this.#end += length
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
      return readAt(file, start, end - start - 1)
        .toString()
        .split("\n")
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
      if (fstatSync(file).size > this.#end) ftruncateSync(file, this.#end)
      const bytes = Buffer.from(`${lines.join("\n")}\n`)
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
