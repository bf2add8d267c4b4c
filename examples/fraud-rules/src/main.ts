import { flaggedUsers } from "./flagged-users.js"

const { events, users, flagged } = await flaggedUsers()
console.log(`${events} events of ${users} users, ${flagged.length} of them flagged:`)
console.table(flagged)
