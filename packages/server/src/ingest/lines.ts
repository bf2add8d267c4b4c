import { GrowingBytes } from "../body/growing-bytes.js"

/** One line of NDJSON. */
export interface Line {
  /** 1 for the first. */
  readonly number: number
  /** Without its end; `undefined` when it was longer than allowed, and dropped. */
  readonly bytes: Buffer | undefined
}

const LINE_FEED = 0x0a

/**
 * Cuts a stream into lines, in groups of at most `maxLines` as they arrive. Blank lines are numbered and left out. Holds no
 * more than one line of `maxBytes`, and the chunk that just arrived.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  { maxBytes, maxLines }: { readonly maxBytes: number; readonly maxLines: number },
): AsyncGenerator<readonly Line[]> {
  let number = 0
  let isTooLong = false
  const begun = new GrowingBytes()
  const add = (part: Buffer) => {
    isTooLong ||= begun.length + part.length > maxBytes
    if (isTooLong) begun.clear()
    else begun.add(part)
  }
  const finish = (): Line => {
    const bytes = isTooLong ? undefined : begun.take()
    isTooLong = false
    return { number: ++number, bytes }
  }
  for await (const chunk of chunks) {
    let lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end))
      const line = finish()
      if (!isBlank(line)) lines.push(line)
      start = end + 1
      if (lines.length < maxLines) continue
      yield lines
      lines = []
    }
    add(chunk.subarray(start))
    if (lines.length > 0) yield lines
  }
  const last = finish()
  if (!isBlank(last)) yield [last]
}

function isBlank({ bytes }: Line): boolean {
  return bytes?.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d) === true
}
