import { Type } from "@sinclair/typebox"
import { named } from "../schema/schemas.js"

/** The bus has the event. */
export const Accepted = Type.Object(
  {
    event_id: Type.String(),
    duplicate: Type.Boolean({ description: "The bus had this event_id for this entity already; nothing was added." }),
  },
  named("Accepted"),
)
