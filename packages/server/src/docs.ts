import swagger from "@fastify/swagger"
import swaggerUi from "@fastify/swagger-ui"
import type { FastifyInstance } from "fastify"
import type { ServerContext } from "./context.js"
import { OWN_EVENTS, withOwnEvents } from "./docs-of-events.js"
import { withNamedSchemas } from "./docs-of-schemas.js"

/** Everything the page needs comes from this server; its own style of a loading image is a data URL. */
const PAGE_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

const securitySchemes = {
  bearer: { type: "http", scheme: "bearer" },
  key: { type: "apiKey", in: "header", name: "x-api-key" },
} as const

/** Adds `/openapi.json`, made of the schemas that check requests, and `/docs`, a page of it. To be called before all routes. */
export function addDocs(app: FastifyInstance, { settings, store }: ServerContext): void {
  const needsKey = settings.keys.size > 0
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Fabra",
        version: "1",
        description: "Ingest events, read the features they change, search, operate. Errors are problems of RFC 9457.",
      },
      servers: [{ url: "/", description: "where this document is" }],
      tags: [...(needsKey ? [] : [OWN_EVENTS]), "ingest", "features", "search", "dead letters", "operate"].map(
        (name) => ({ name }),
      ),
      components: needsKey ? { securitySchemes } : {}, // an empty one shows a button to log in
    },
    // To strangers it tells nothing of the store.
    transformObject: (document) => {
      const whole = "openapiObject" in document ? document.openapiObject : document.swaggerObject
      return withNamedSchemas(needsKey ? whole : withOwnEvents(whole, store))
    },
    transform: ({ schema, url, route }) => {
      const { scope = "admin" } = route.config ?? {}
      if (scope === "public" || !needsKey) return { schema: { ...schema, security: [] }, url }
      const description = [schema?.description, `Needs a key with the scope \`${scope}\`.`].filter(Boolean).join(" ")
      return { schema: { ...schema, description, security: [{ bearer: [] }, { key: [] }] }, url }
    },
  })
  app.register(async (docs) => {
    docs.addHook("onRoute", (route) => {
      route.config = { ...route.config, scope: "public" }
    })
    docs.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger())
    await docs.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: PAGE_POLICY,
      uiConfig: { layout: "BaseLayout", tryItOutEnabled: true },
      theme: { title: "Fabra" },
    })
  })
}
