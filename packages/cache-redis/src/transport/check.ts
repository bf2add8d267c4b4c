import { addressOf, type Deadline, type Servers, serverInfo, settingWarnings } from "@fabra/redis-transport"

/** Settings of the servers that endanger what the cache keeps, in sentences for people. */
export async function checkServers(servers: Servers, deadline: Deadline): Promise<string[]> {
  await servers.refresh(deadline)
  const found = await Promise.all(
    servers.masters().map(async (server) => {
      await server.ready(deadline)
      const info = await server.answer(serverInfo(server.redis), deadline)
      return settingWarnings(info, addressOf(server.redis))
    }),
  )
  return found.flat()
}
