import type { FastifyInstance } from "fastify"
import type { ServerContext } from "./context.js"
import { addDocs } from "./docs.js"
import { addIngestMany } from "./ingest/many.js"
import { addIngestOne } from "./ingest/one.js"
import { addCatalogRoute } from "./routes/catalog.js"
import { addDeadLetterRoutes } from "./routes/dead-letters.js"
import { addEntityRoutes } from "./routes/entities.js"
import { addEraseRoute } from "./routes/erase.js"
import { addFeatureRoutes } from "./routes/features.js"
import { addHealthRoutes } from "./routes/health.js"
import { addOperateRoutes } from "./routes/operate.js"
import { addSearchRoute } from "./routes/search.js"
import { addWatchRoute } from "./routes/watch.js"
import type { TypeBoxApp } from "./schema/typebox.js"

/** Adds every route, in the order in which the documentation lists them. */
export function addRoutes(app: FastifyInstance, context: ServerContext): void {
  addDocs(app, context)
  const routes = [
    addIngestOne,
    addIngestMany,
    addFeatureRoutes,
    addEntityRoutes,
    addCatalogRoute,
    addSearchRoute,
    addDeadLetterRoutes,
    addEraseRoute,
    addOperateRoutes,
    addWatchRoute,
    addHealthRoutes,
  ]
  // Each in a scope of its own: what one reads as a body is nothing to the others.
  for (const add of routes) app.register(async (scope) => add(scope.withTypeProvider() as TypeBoxApp, context))
}
