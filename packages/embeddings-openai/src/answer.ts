import { FabraError } from "@fabra/events"

/**
 * Reads the vectors out of a server's answer, in the order of the texts. Servers that do not know base64 send numbers.
 * @throws FabraError `invalid_embedding`
 */
export function readVectors(model: string, answer: unknown, count: number): Float32Array[] {
  const fault = (what: string) => new FabraError("invalid_embedding", `The embedding model "${model}" ${what}.`)
  const data = (answer as { data?: unknown } | null | undefined)?.data
  if (!Array.isArray(data)) throw fault("gave an answer without a list of embeddings")
  if (data.length !== count) throw fault(`gave ${data.length} embeddings for ${count} texts`)
  const vectors = new Array<Float32Array | undefined>(count)
  for (const [i, one] of data.entries()) {
    const { embedding, index = i } = one ?? {}
    // Float32Array makes numbers of whatever it is given: null becomes 0, which nobody would notice.
    const wrong = Array.isArray(embedding) ? embedding.findIndex((value) => !fitsFloat32(value)) : -1
    if (wrong >= 0) throw fault(`gave ${JSON.stringify(embedding[wrong])} as value ${wrong} of embedding ${index}`)
    vectors[index] = Array.isArray(embedding) ? Float32Array.from(embedding) : fromBase64(embedding)
  }
  return Array.from(vectors, (vector) => {
    if (vector === undefined) throw fault("gave an embedding that is neither base64 nor a list of numbers")
    return vector
  })
}

function fitsFloat32(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(Math.fround(value))
}

function fromBase64(text: unknown): Float32Array | undefined {
  if (typeof text !== "string") return undefined
  const bytes = Buffer.from(text, "base64")
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4))
}
