// Started by logger.test.ts: writes a thousand lines and ends at once.
import { createLogger } from "../src/index.js"

const logger = createLogger()
for (let i = 0; i < 1000; i++) logger.info({ i }, "a line")
process.exit()
