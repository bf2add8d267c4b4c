import { join } from "node:path"
import {
  type AxiomEvent,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterQueue,
  FabraError,
  type ReplayOutcome,
} from "@fabra/events"
import { deadLetterKey, discardEvent, matchesFilter, type NewDeadLetter, replayEvent } from "@fabra/events/adapter"
import type { FileStore } from "./file-store.js"
import { LineFile } from "./line-file.js"
import { spellPosition } from "./segments.js"

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000

/** A line of the file: a dead letter that came, or the id of one that went. */
type Line = { readonly arrivedAt: number; readonly letter: DeadLetter } | { readonly gone: string }

/** A view of the file, kept by every process for itself. */
interface View {
  readonly file: LineFile
  readonly letters: Map<string, { readonly arrivedAt: number; readonly letter: DeadLetter }>
  /** Keys of all that ever came. */
  readonly keys: Set<string>
  lines: number
}

/** The dead letters: one file that only grows, so that what is gone is still remembered and can be looked up. */
export class FileDeadLetters implements DeadLetterQueue {
  readonly #open: () => Promise<FileStore>
  readonly #publish: (event: AxiomEvent) => Promise<unknown>
  #view: View | undefined

  constructor(open: () => Promise<FileStore>, publish: (event: AxiomEvent) => Promise<unknown>) {
    this.#open = open
    this.#publish = publish
  }

  async append(entries: readonly NewDeadLetter[]): Promise<void> {
    const arrivedAt = (await this.#open()).clock.now()
    await this.#change(({ keys }) =>
      entries.flatMap((entry) => {
        const key = deadLetterKey(entry)
        if (keys.has(key)) return []
        keys.add(key)
        return [{ arrivedAt, letter: { id: spellPosition(keys.size), ...entry } }]
      }),
    )
  }

  async list(
    filter: DeadLetterFilter = {},
    { after = "", limit = DEFAULT_LIMIT }: { after?: string; limit?: number } = {},
  ): Promise<DeadLetterPage> {
    const { letters } = await this.#refresh()
    const size = Math.min(limit, MAX_LIMIT)
    const found = [...letters.values()]
      .map(({ letter }) => letter)
      .filter((letter) => letter.id > after && matchesFilter(letter, filter))
    const entries = found.slice(0, size)
    return { entries: structuredClone(entries), next: found.length > size ? (entries.at(-1)?.id ?? null) : null }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return structuredClone((await this.#refresh()).letters.get(id)?.letter)
  }

  async replay(ids: readonly string[]): Promise<ReplayOutcome[]> {
    const outcomes: ReplayOutcome[] = []
    for (const id of ids) {
      const letter = await this.get(id)
      if (letter === undefined) outcomes.push({ id, status: "not_found" })
      else outcomes.push(await this.#replay(letter))
    }
    return outcomes
  }

  async #replay(letter: DeadLetter): Promise<ReplayOutcome> {
    const { id } = letter
    try {
      // First published, then taken off: a crash in between repeats the publish, which its id makes harmless.
      await this.#publish(replayEvent(letter))
      await this.#remove(id)
      return { id, status: "replayed" }
    } catch (error) {
      return { id, status: "failed", error: FabraError.from(error) }
    }
  }

  async discard(ids: readonly string[]): Promise<number> {
    let discarded = 0
    for (const id of ids) {
      const letter = await this.get(id)
      if (letter === undefined) continue
      const event = discardEventOf(letter)
      if (event !== undefined) await this.#publish(event)
      if (await this.#remove(id)) discarded++
    }
    return discarded
  }

  async stats(): Promise<{ count: number; oldestAt: number | null }> {
    const { letters } = await this.#refresh()
    const [oldest] = letters.values()
    return { count: letters.size, oldestAt: oldest?.arrivedAt ?? null }
  }

  async #remove(id: string): Promise<boolean> {
    let wasThere = false
    await this.#change(({ letters }) => {
      wasThere = letters.has(id)
      return wasThere ? [{ gone: id }] : []
    })
    return wasThere
  }

  async #change(change: (view: View) => readonly Line[]): Promise<void> {
    const store = await this.#open()
    try {
      await store.locked(() => {
        const view = this.#read(store)
        const lines = change(view)
        if (lines.length > 0) view.file.append(lines.map((line) => JSON.stringify(line)))
      })
    } catch (error) {
      this.#view = undefined // what it was told may not have come to pass
      throw FabraError.from(error, "bus_unavailable")
    }
  }

  async #refresh(): Promise<View> {
    const store = await this.#open()
    try {
      return this.#read(store)
    } catch (error) {
      throw FabraError.from(error, "bus_unavailable")
    }
  }

  #read(store: FileStore): View {
    this.#view ??= {
      file: new LineFile(join(store.directory, "dead-letters.log")),
      letters: new Map(),
      keys: new Set(),
      lines: 0,
    }
    const { file, letters, keys, lines } = this.#view
    file.refresh()
    for (const text of file.read(lines, file.count)) {
      const line = JSON.parse(text) as Line
      if ("gone" in line) letters.delete(line.gone)
      else {
        letters.set(line.letter.id, line)
        keys.add(deadLetterKey(line.letter))
      }
    }
    this.#view.lines = file.count
    return this.#view
  }
}

/** What could not be read has left nothing to forget in any record. */
function discardEventOf(letter: DeadLetter): AxiomEvent | undefined {
  try {
    return discardEvent(letter)
  } catch {
    return undefined
  }
}
