import { type FSWatcher, watch } from "chokidar"

/** Editors write in several steps; what comes within this time is one change. */
const SETTLE_MS = 100

/** Calls back when one of a changing set of files is written. */
export class FileWatch {
  readonly #watcher: FSWatcher
  #files = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(onChange: () => void) {
    this.#watcher = watch([], { ignoreInitial: true })
    this.#watcher.on("all", () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(onChange, SETTLE_MS)
    })
  }

  /** Watches these files and no others. */
  set(files: readonly string[]): void {
    const wanted = new Set(files)
    this.#watcher.unwatch([...this.#files].filter((file) => !wanted.has(file)))
    this.#watcher.add(files.filter((file) => !this.#files.has(file)))
    this.#files = wanted
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#watcher.close()
  }
}
