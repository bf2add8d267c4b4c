import { FabraError } from "@fabra/events"

/** Turns texts into vectors, near for texts that are alike. */
export interface Embedder {
  /** Names the model and all that changes its vectors: those of two embedders of one id can be compared. */
  readonly id: string
  /** Length of every vector. */
  readonly dimensions: number
  /**
   * One vector per text, in their order. Texts are not empty. May be asked for thousands at once, and again before it has
   * answered.
   * @param options.signal nobody waits for the answer any more
   * @throws FabraError `embedder_unavailable` when the same may work later, `embedding_refused` when it will not
   */
  embed(
    texts: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Float32Array[]>
  /** How many of the model's tokens a text has. Without it, a token is taken for four bytes. */
  readonly countTokens?: ((text: string) => number) | undefined
}

/**
 * Asks an embedder, and believes nothing it answers.
 * @throws FabraError `invalid_embedding`, or what the embedder throws (`embedder_unavailable` if that is no FabraError)
 */
export async function embedChecked(
  embedder: Embedder,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Float32Array[]> {
  if (texts.length === 0) return []
  let vectors: readonly Float32Array[]
  try {
    vectors = await embedder.embed(texts, { signal })
  } catch (error) {
    throw FabraError.from(error, "embedder_unavailable")
  }
  const fault = (what: string) => new FabraError("invalid_embedding", `The embedder "${embedder.id}" gave ${what}.`)
  if (vectors?.length !== texts.length) throw fault(`${vectors?.length} vectors for ${texts.length} texts`)
  for (const vector of vectors) {
    const problem = faultOf(vector, embedder.dimensions)
    if (problem !== undefined) throw fault(problem)
  }
  return vectors
}

/** What keeps a vector from being one of so many dimensions; `undefined` when nothing does. */
export function faultOf(vector: Float32Array, dimensions: number): string | undefined {
  if (!(vector instanceof Float32Array)) return "something that is no Float32Array"
  if (vector.length !== dimensions) return `a vector of ${vector.length} dimensions instead of ${dimensions}`
  let square = 0
  for (const value of vector) square += value * value
  if (!Number.isFinite(square)) return "a vector with a number that is not finite"
  // It has no direction, so that nothing is near it.
  if (square === 0) return "a vector of zeros"
  return undefined
}
