import { flagged } from "./flagged.js"
import { CARDS } from "./stream.js"

const { events, cards, terminals } = await flagged()
console.log(`${events} events of ${CARDS.length} cards, ${cards.length} of them flagged:`)
console.table(cards)
console.log("Risk of terminals:")
console.table(terminals)
