import type { Registry } from "prom-client"
import { definitions } from "./definitions.js"
import { OTHER } from "./event-counts.js"
import { makeHistogram } from "./make.js"

/** An HTTP request that was answered. */
export interface EndedRequest {
  readonly method: string
  /** Pattern of the route, as `/ingest/:event_type`; `undefined` when there is none. Never the path itself. */
  readonly route: string | undefined
  readonly status: number
  readonly durationMs: number
}

/** Times HTTP requests by route. */
export function createRequestObserver(registry: Registry): (request: EndedRequest) => void {
  const seconds = makeHistogram(definitions.httpRequests, registry)
  return ({ method, route, status, durationMs }) =>
    // A client may send any method to a path that is none.
    seconds.observe({ method: route === undefined ? OTHER : method, route: route ?? OTHER, status }, durationMs / 1000)
}
