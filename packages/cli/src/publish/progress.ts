import { Transform } from "node:stream"
import { SingleBar } from "cli-progress"

/** Shows on a terminal how far a file has been read. */
export interface Progress {
  /** Counts what passes. */
  readonly meter: Transform
  update(events: number): void
  stop(): void
}

/**
 * A bar on standard error; nothing where that is no terminal.
 * @param bytes size of the file; 0 when nobody knows it
 */
export function startProgress(bytes: number): Progress {
  let read = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length
      done(null, chunk)
    },
  })
  if (!process.stderr.isTTY) return { meter, update: () => {}, stop: () => {} }
  const format = bytes === 0 ? "{events} events" : "{bar} {percentage} %  {events} events  {duration_formatted}"
  const bar = new SingleBar({ format, barsize: 30, hideCursor: true, clearOnComplete: false })
  bar.start(Math.max(bytes, 1), 0, { events: 0 })
  return {
    meter,
    update: (events) => bar.update(bytes === 0 ? 0 : read, { events: events.toLocaleString("en") }),
    stop: () => bar.stop(),
  }
}
