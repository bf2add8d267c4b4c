import { buildPackage } from "../../tsup.shared.js"

export default buildPackage()
