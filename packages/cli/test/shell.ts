import { execFile } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { promisify } from "node:util"

/** Where what documents write as port 8000 and 6379 is in a test. */
export interface Ports {
  readonly redis: number
  readonly api: number
}

/** Runs a command line as documents write it, with the ports exchanged; resolves to what it prints. */
export async function shell(line: string, { redis, api }: Ports): Promise<string> {
  const here = line
    .replaceAll("localhost:8000", `localhost:${api}`)
    .replaceAll(/^redis-cli /gm, `redis-cli -p ${redis} `)
  const { stdout } = await promisify(execFile)("sh", ["-c", here.replaceAll(/^curl /gm, "curl -sS ")])
  return stdout
}

/** 8000 if it is free, else any free port. */
export async function portFor8000(): Promise<number> {
  const server = createServer()
  try {
    server.listen(8000, "127.0.0.1")
    await once(server, "listening")
  } catch {
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
  }
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}
