export { CONNECTION_COMMANDS, type RedisAccess } from "./access.js"
export { createRedisClient } from "./client.js"
export { Deadline } from "./deadline.js"
export {
  Closed,
  isPassing,
  isReply,
  NoAnswer,
  NotConnected,
  outcomeOf,
  reasonOf,
  refusal,
  refusalOf,
} from "./errors.js"
export { type Command, sendFleeting, writeTogether } from "./fleeting-command.js"
export { epochOf, replicasOf, type ServerInfo, serverInfo, settingWarnings } from "./info.js"
export { openClient, openConnection } from "./open.js"
export { Script, withText } from "./script.js"
export { RedisServer, type Replies } from "./server.js"
export { addressOf, Servers, slotOf } from "./servers.js"
export { chooseSource, isAddress, type Source } from "./source.js"
