import swagger from "@fastify/swagger"
import swaggerUi from "@fastify/swagger-ui"
import type { FastifyInstance } from "fastify"

/** Adds `/openapi.json`, made of the schemas that check requests, and `/docs`, a page of it. To be called before all routes. */
export function addDocs(app: FastifyInstance): void {
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Fabra", version: "1", description: "Ingest events, read features, operate." },
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          key: { type: "apiKey", in: "header", name: "x-api-key" },
        },
      },
    },
  })
  app.register(async (docs) => {
    docs.addHook("onRoute", (route) => {
      route.config = { ...route.config, scope: "public" }
    })
    docs.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger())
    await docs.register(swaggerUi, { routePrefix: "/docs", staticCSP: true })
  })
}
