import { SingleBar } from "cli-progress"

/** Shows on standard error how far we are. */
export interface Bar {
  update(applied: number): void
  stop(): void
}

/** A bar on a terminal, a line per quarter anywhere else. */
export function startBar(total: number): Bar {
  return process.stderr.isTTY ? startTerminalBar(total) : startLines(total)
}

function startTerminalBar(total: number): Bar {
  const format = "{bar} {percentage} %  {value} of {total} events applied  {duration_formatted}"
  const bar = new SingleBar({ format, barsize: 30, hideCursor: true })
  bar.start(total, 0)
  return bar
}

function startLines(total: number): Bar {
  let quarters = 0
  return {
    update(applied) {
      const now = Math.floor((4 * applied) / total)
      if (now <= quarters) return
      quarters = now
      process.stderr.write(`${now * 25} %: ${applied} of ${total} events applied\n`)
    },
    stop() {},
  }
}
