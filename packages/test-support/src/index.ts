export { silent } from "./silent.js"
export { TcpProxy } from "./tcp-proxy.js"
export { gate, until } from "./waiting.js"
