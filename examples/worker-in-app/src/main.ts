import { createApp } from "./app.js"
import { createParts } from "./parts.js"

const app = createApp(createParts(process.env.REDIS_URL))

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => app.close())

await app.listen({ port: Number(process.env.PORT ?? 3000) })
