import { buildPackage } from "../../tsup.shared.js"

export default buildPackage(["src/index.ts", "src/embedded.ts"])
