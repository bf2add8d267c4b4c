/** The lines of a body as they come, empty ones left out. */
export async function* lines(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  let rest = ""
  for await (const text of (body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n")
    rest = parts.pop() ?? ""
    for (const line of parts) if (line !== "") yield line
  }
  if (rest !== "") yield rest
}
