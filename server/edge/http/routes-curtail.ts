/** Lines of the table about curtailment. */
import * as shapes from "../../twin/curtail/shapes.ts";
import { ROUTES } from "../../twin/wire.ts";
import { route, type Route } from "./route.ts";

const none = { params: null, query: null, body: null } as const;

export const CURTAIL_TABLE: readonly Route[] = [
  route({
    ...none,
    id: "curtailment",
    method: "get",
    path: ROUTES.curtailment,
    group: "Commands",
    status: 200,
    refuses: [],
    example: {},
    summary: "The curtailment that is under way, those before it and what they saved, and what begins one",
    answer: shapes.curtailment,
    run: (handlers) => handlers.curtailment(),
  }),
  route({
    ...none,
    id: "curtail",
    method: "post",
    path: ROUTES.curtailment,
    group: "Commands",
    status: 200,
    refuses: ["RIG_UNKNOWN", "RANGE_INVALID", "JOURNAL_UNAVAILABLE", "DISK_FULL"],
    example: { body: { what: "target", target: { of: "pct", value: 40 }, why: "Asked by the grid.", by: "badge-17" } },
    summary: "Set a target, end it, or set schedule, price and MQTT topic",
    more: "Rigs are told in batches, the worst J/TH first; those that refuse are made up for by the next. When nobody wishes it any more they are woken, the best first.",
    body: shapes.curtailAct,
    answer: shapes.curtailment,
    run: (handlers, { body }) => handlers.curtail(body),
  }),
  route({
    ...none,
    id: "planCurtailment",
    method: "post",
    path: ROUTES.curtailmentPlan,
    group: "Commands",
    status: 200,
    refuses: [],
    example: { body: { target: { of: "mw", value: 0.1 } } },
    summary: "Which rigs a target would pause, and what is drawn then",
    more: "Nothing is sent.",
    body: shapes.curtailPlan,
    answer: shapes.curtailPlanned,
    run: (handlers, { body }) => handlers.planCurtailment(body),
  }),
];
