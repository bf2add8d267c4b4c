/** The lines of a body as they come, empty ones left out. Lets go of the connection when nobody reads on. */
export async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  let rest = ""
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done) break
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) if (line !== "") yield line
    }
    if (rest !== "") yield rest
  } finally {
    await reader?.cancel().catch(() => {}) // the connection may be gone
  }
}
