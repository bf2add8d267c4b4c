export { OpenAIEmbedder } from "./openai-embedder.js"
export { embedderSettingsFromEnv, type OpenAIEmbedderOptions } from "./options.js"
