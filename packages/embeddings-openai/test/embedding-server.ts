import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { WordHashEmbedder } from "@fabra/core"

/** What the server was asked. */
export interface Asked {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: {
    readonly model: string
    readonly input: readonly string[]
    readonly dimensions?: number
    readonly encoding_format?: string
  }
}

/** Answers a request in place of the server; what returns `false` leaves it to the next. */
export type Fault = (response: ServerResponse, asked: Asked) => unknown

/** A server that speaks OpenAI's API of embeddings: its vectors are those of the word hash. */
export interface EmbeddingServer {
  readonly url: string
  readonly asked: Asked[]
  /** What it does wrong, each once, in order. */
  readonly faults: Fault[]
  stop(): Promise<void>
}

export async function startEmbeddingServer(
  options: { readonly dimensions?: number; readonly asNumbers?: boolean; readonly reversed?: boolean } = {},
): Promise<EmbeddingServer> {
  const { dimensions = 16, asNumbers = false, reversed = false } = options
  const embedder = new WordHashEmbedder({ dimensions })
  const asked: Asked[] = []
  const faults: Fault[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.parse(await text(request)) as Asked["body"]
    const one: Asked = { path: request.url ?? "", authorization: request.headers.authorization, body }
    asked.push(one)
    const fault = faults.shift()
    if (fault !== undefined && fault(response, one) !== false) return
    const vectors = await embedder.embed(body.input)
    const data = vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: asNumbers ? [...vector] : Buffer.from(vector.buffer).toString("base64"),
    }))
    if (reversed) data.reverse()
    answerJson(response, 200, { object: "list", model: body.model, data, usage: { prompt_tokens: 1, total_tokens: 1 } })
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    faults,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

/** Answers with that status and body. */
export function answerJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))
}

/** Answers with an error as OpenAI spells it. */
export const failing =
  (status: number, message: string, headers: Record<string, string> = {}, code?: string): Fault =>
  (response) =>
    answerJson(response, status, { error: { message, type: "error", code } }, headers)

/** Answers with something of 200 that is not what it should be. */
export const answering =
  (body: unknown): Fault =>
  (response) =>
    answerJson(response, 200, body)

/** Takes the request and never answers. */
export const hanging: Fault = () => true

/** Closes the connection instead of an answer. */
export const cutting: Fault = (response) => response.destroy()
