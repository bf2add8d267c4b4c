import { buildPackage } from "../../tsup.shared.js"

// Of its 27 MB we need one table of 1 MB.
export default buildPackage(undefined, ["gpt-tokenizer"])
