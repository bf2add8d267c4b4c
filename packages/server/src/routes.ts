import type { FastifyInstance } from "fastify"
import type { ServerContext } from "./context.js"
import { addDocs } from "./docs.js"
import { addIngestRoutes } from "./ingest/routes.js"
import { addFeatureRoutes } from "./routes/features.js"
import { addHealthRoutes } from "./routes/health.js"
import type { TypeBoxApp } from "./typebox.js"

/** Adds every route. */
export function addRoutes(app: FastifyInstance, context: ServerContext): void {
  addDocs(app)
  app.register(async (scope) => {
    const typed = scope.withTypeProvider() as TypeBoxApp
    addIngestRoutes(typed, context)
    addFeatureRoutes(typed, context)
    addHealthRoutes(typed, context)
  })
}
