/** The line of the table for a machine that takes another's place. */
import { newSubstitute, substitution } from "../../twin/substitution.ts";
import { ROUTES } from "../../twin/wire.ts";
import { rigParams } from "./question-routes.ts";
import { route, type Route } from "./route.ts";

export const SUBSTITUTE_TABLE: readonly Route[] = [
  route({
    query: null,
    id: "addSubstitute",
    method: "post",
    path: ROUTES.substitute,
    group: "Records",
    status: 201,
    refuses: ["RIG_UNKNOWN", "JOURNAL_UNAVAILABLE", "DISK_FULL"],
    example: { params: { rig: "rig-0001" }, body: { substitute: "rig-0009", performedTs: 1762862400000, technician: "badge-17" } },
    summary: "Say that another machine took a machine's place",
    more: "For good. Both get a record in their service books, the contract's `substitute` follows by itself, and each page leads to the other.",
    params: rigParams,
    body: newSubstitute,
    answer: substitution,
    run: (handlers, { params, body }) => handlers.addSubstitute(params.rig, body),
  }),
];
