/** One line of NDJSON. */
export interface Line {
  /** 1 for the first. */
  readonly number: number
  /** Without its end; `undefined` when it was longer than allowed, and dropped. */
  readonly bytes: Buffer | undefined
}

const LINE_FEED = 0x0a

/** Cuts a stream into lines, in groups as they arrive. Holds no more than one line of `maxBytes`, and what just arrived. */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<readonly Line[]> {
  let number = 0
  let parts: Buffer[] = []
  let length = 0
  const take = (part: Buffer) => {
    length += part.length
    if (length <= maxBytes) parts.push(part)
    else parts = []
  }
  const finish = (): Line => {
    const bytes = length <= maxBytes ? Buffer.concat(parts) : undefined
    parts = []
    length = 0
    return { number: ++number, bytes }
  }
  for await (const chunk of chunks) {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      take(chunk.subarray(start, end))
      lines.push(finish())
      start = end + 1
    }
    take(chunk.subarray(start))
    if (lines.length > 0) yield lines
  }
  if (length > 0) yield [finish()]
}
