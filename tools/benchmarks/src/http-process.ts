// An HTTP server in a process of its own, started by suites/serving.ts.
import { httpServerNamed } from "./http-servers.js"
import { serve } from "./lib/child.js"

const methods = {
  /** Where it listens. */
  start: (name: string, url: string): Promise<string> => httpServerNamed(name).start(url),
}

/** What this process can be asked. */
export type HttpMethods = typeof methods

serve(methods)
