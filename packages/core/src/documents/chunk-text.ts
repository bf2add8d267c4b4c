/** A stretch of a text, in UTF-16 units. */
export interface TextChunk {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** How {@link chunkText} cuts. */
export interface ChunkLimits {
  /** Most tokens of one chunk. */
  readonly maxTokens: number
  /** About so many tokens from the end of a chunk begin the next one too. */
  readonly overlapTokens: number
  readonly countTokens: (text: string) => number
}

/** A stretch that is not cut. */
interface Piece {
  readonly start: number
  readonly end: number
  readonly tokens: number
}

/** Longest stretch in which sentences are looked for at once: the segmenter's time grows with the square of it. */
const MAX_STRETCH = 4_000

const sentences = new Intl.Segmenter("en", { granularity: "sentence" })

/**
 * Cuts a text into chunks at the ends of lines and sentences; at words, where a sentence alone is too long. A short text
 * is one chunk. Blank space at the ends of chunks is left out; a blank text has none.
 */
export function chunkText(text: string, limits: ChunkLimits): TextChunk[] {
  const whole = trimmed(text, 0, text.length)
  if (whole === undefined) return []
  if (limits.countTokens(whole.text) <= limits.maxTokens) return [whole]
  const pieces = piecesOf(text, limits)
  const chunks: TextChunk[] = []
  for (let first = 0; first < pieces.length; ) {
    let next = first
    for (let tokens = 0; next < pieces.length; next++) {
      tokens += (pieces[next] as Piece).tokens
      if (tokens > limits.maxTokens && next > first) break
    }
    const chunk = trimmed(text, (pieces[first] as Piece).start, (pieces[next - 1] as Piece).end)
    if (chunk !== undefined) chunks.push(chunk)
    first = next < pieces.length ? overlapStart(pieces, first, next, limits) : next
  }
  return chunks
}

/** The first piece, after `first`, from which a chunk may begin that is to go on with the piece `next`. */
function overlapStart(pieces: readonly Piece[], first: number, next: number, limits: ChunkLimits): number {
  const room = Math.min(limits.overlapTokens, limits.maxTokens - (pieces[next] as Piece).tokens)
  let start = next
  for (let tokens = 0; start - 1 > first; start--) {
    tokens += (pieces[start - 1] as Piece).tokens
    if (tokens > room) break
  }
  return start
}

function piecesOf(text: string, limits: ChunkLimits): Piece[] {
  const pieces: Piece[] = []
  const add = (start: number, end: number) => {
    const stretch = text.slice(start, end)
    const tokens = limits.countTokens(stretch)
    const at = tokens > limits.maxTokens ? cutAt(stretch) : undefined
    if (at === undefined) {
      pieces.push({ start, end, tokens })
    } else {
      add(start, start + at)
      add(start + at, end)
    }
  }
  for (let start = 0; start < text.length; ) {
    const end = stretchEnd(text, start)
    for (const { segment, index } of sentences.segment(text.slice(start, end))) {
      add(start + index, start + index + segment.length)
    }
    start = end
  }
  return pieces
}

function stretchEnd(text: string, start: number): number {
  const line = text.indexOf("\n", start)
  const end = line === -1 ? text.length : line + 1
  if (end - start <= MAX_STRETCH) return end
  const space = text.lastIndexOf(" ", start + MAX_STRETCH)
  return space > start ? space + 1 : wholeCharacter(text, start + MAX_STRETCH)
}

/** Where to cut in two: between words near the middle if there are any, else between characters, if there are two. */
function cutAt(text: string): number | undefined {
  const space = text.lastIndexOf(" ", text.length >> 1)
  if (space > 0 && space + 1 < text.length) return space + 1
  const at = wholeCharacter(text, Math.max(1, text.length >> 1))
  return at < text.length ? at : undefined
}

/** `at`, or one further if that would part the two units of one character. */
function wholeCharacter(text: string, at: number): number {
  return /[\ud800-\udbff]/.test(text[at - 1] as string) ? at + 1 : at
}

function trimmed(text: string, start: number, end: number): TextChunk | undefined {
  const stretch = text.slice(start, end)
  const from = start + stretch.length - stretch.trimStart().length
  const to = start + stretch.trimEnd().length
  return from < to ? { text: text.slice(from, to), start: from, end: to } : undefined
}
