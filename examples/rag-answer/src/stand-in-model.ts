import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

interface Message {
  readonly role: string
  readonly content: string
}

/**
 * Speaks as much of OpenAI's chat API as this example needs (https://platform.openai.com/docs/api-reference/chat), with
 * no model behind it: it answers with what the prompt says of the customer, and with the first article.
 */
export async function startStandIn(): Promise<{ readonly baseURL: string; readonly close: () => void }> {
  const server = createServer(async (request, response) => {
    if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
      response.writeHead(404).end()
      return
    }
    let body = ""
    for await (const piece of request.setEncoding("utf8")) body += piece
    const { model, messages } = JSON.parse(body) as { model: string; messages: Message[] }
    const message = { role: "assistant", content: reply(messages) }
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ object: "chat.completion", model, choices: [{ index: 0, message }] }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return { baseURL: `http://127.0.0.1:${port}/v1`, close: () => server.close() }
}

function reply(messages: readonly Message[]): string {
  const lines = messages.find(({ role }) => role === "system")?.content.split("\n") ?? []
  const customer = lines.find((line) => line.startsWith("The customer"))
  const article = lines.find((line) => line.startsWith("Article"))
  return [customer, article ?? "The articles do not tell."].join(" ")
}
