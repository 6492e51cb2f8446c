/** The OpenAPI 3.1 document, made of the table of routes and the schemas that check the requests. */
import { z } from "zod";
import * as access from "../../twin/access.ts";
import * as curtail from "../../twin/curtail/shapes.ts";
import * as notify from "../../twin/notify/shapes.ts";
import * as shapes from "../../twin/alarms/shapes.ts";
import * as api from "../../twin/api.ts";
import * as questions from "../../twin/questions.ts";
import { CODES, type Code } from "../../twin/refusal.ts";
import { RIGHTS } from "../../twin/rights.ts";
import { COOKIE } from "./gate.ts";
import type { Route } from "./route.ts";
import { healthStatus } from "./routes.ts";
import { rpcAnswer, rpcRequest } from "./rpc.ts";
import { newQuotes, quotes } from "../../twin/usage/quotes.ts";
import { usage } from "../../twin/usage/shapes.ts";
import * as work from "../../twin/orders/shapes.ts";
import { substitution } from "../../twin/substitution.ts";

/** As much of JSON Schema as zod makes of our schemas. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
}
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
  readonly example?: string;
}
type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;
export interface Answer {
  readonly description: string;
  readonly content?: Content;
  /** Codes that come with this status. */
  readonly "x-codes"?: readonly Code[];
}
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}
export interface Document {
  readonly openapi: "3.1.0";
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly securitySchemes: Readonly<Record<string, object>> };
}

type Named = readonly (readonly [string, z.ZodType])[];
const ANSWERS: Named = [
  ["Problem", api.problem],
  ["Site", api.site],
  ["SiteSeries", api.siteSeries],
  ["Energy", api.energy],
  ["RigLine", api.rigLine],
  ["RigList", api.rigs],
  ["Twin", api.twin],
  ["Series", api.series],
  ["Drawn", questions.drawnAnswer],
  ["Latest", questions.latestAnswer],
  ["Top", questions.topAnswer],
  ["Stopped", questions.stoppedAnswer],
  ["Uptime", questions.uptimeAnswer],
  ["Performance", questions.performanceAnswer],
  ["Activity", questions.activityAnswer],
  ["Record", api.record],
  ["RecordList", api.records],
  ["RecordDraft", api.recordDraft],
  ["TechnicianList", api.technicians],
  ["Substitution", substitution],
  ["TwinPassport", api.twinPassport],
  ["Chain", api.chain],
  ["Alarm", api.alarm],
  ["AlarmList", api.alarms],
  ["Usage", usage],
  ["QuoteList", quotes],
  ["Incident", shapes.incident],
  ["IncidentList", shapes.incidents],
  ["AlarmRules", shapes.alarmRules],
  ["Command", shapes.command],
  ["CommandList", shapes.commands],
  ["PlannedCommands", shapes.plannedCommands],
  ["OrderedCommands", shapes.orderedCommands],
  ["Curtailment", curtail.curtailment],
  ["Notifications", notify.notifications],
  ["NotifyRules", notify.notifyRules],
  ["NewChannel", notify.newChannel],
  ["Order", work.order],
  ["OrderList", work.orders],
  ["Status", api.status],
  ["Health", healthStatus],
  ["Refusal", api.refusalLine],
  ["RefusalList", api.refusals],
  ["Inbox", api.inbox],
  ["EnergyTruth", api.energyTruth],
  ["RpcAnswer", rpcAnswer],
  ["Me", access.me],
];
const BODIES: Named = [
  ["NewRecord", api.newRecord],
  ["DraftWish", api.draftWish],
  ["Technician", api.technician],
  ["Acknowledgement", api.acknowledge],
  ["NewQuotes", newQuotes],
  ["Mapping", api.mapping],
  ["Unmapping", api.unmapping],
  ["AlarmAct", shapes.alarmAct],
  ["CommandPlan", shapes.commandPlan],
  ["NewCommands", shapes.newCommands],
  ["NewOrder", work.newOrder],
  ["OrderChange", work.orderChange],
  ["Login", access.login],
  ["NewPerson", access.newPerson],
  ["NewToken", access.newToken],
  ["NewDevice", access.newDevice],
  ["RpcRequest", rpcRequest],
];

const refTo = (name: string): string => `#/components/schemas/${name}`;

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"]>;
/**
 * zod writes the bounds of a double's whole numbers to every integer, and that a property's name is a string: noise. Of a record by
 * names whose values may be absent it says that all are there: wrong.
 */
const quiet: Override = ({ zodSchema, jsonSchema }) => {
  const { def } = zodSchema._zod;
  if (def.type === "record" && (def as z.core.$ZodRecordDef).valueType._zod.optout === "optional") delete jsonSchema.required;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  const names = jsonSchema.propertyNames;
  if (typeof names === "object" && Object.keys(names).join() === "type") delete jsonSchema.propertyNames;
};

const withoutMeta = ({ $schema: _schema, $id: _id, ...rest }: Record<string, unknown>): Schema => rest;

const componentsOf = (named: Named, io: "input" | "output"): Record<string, Schema> => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of named) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io, uri: refTo, override: quiet });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutMeta(schema as Record<string, unknown>)]));
};

const NAMES = new Map<z.ZodType, string>([...ANSWERS, ...BODIES].map(([name, schema]) => [schema, name]));
const schemaOf = (schema: z.ZodType, io: "input" | "output"): Schema => {
  const name = NAMES.get(schema);
  return name === undefined ? withoutMeta(z.toJSONSchema(schema, { io, override: quiet })) : { $ref: refTo(name) };
};

const parametersOf = (
  schema: z.ZodObject | null,
  place: "path" | "query",
  examples: Readonly<Record<string, string>> = {},
): Parameter[] => {
  if (schema === null) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input");
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
    ...(examples[name] === undefined ? {} : { example: examples[name] }),
  }));
};

const isOpen = ({ id }: Route): boolean => RIGHTS[id]?.includes("public") ?? false;

/** Every code a route may answer with: its own, and what follows from its shape. */
export const codesOf = (route: Route): Code[] => {
  const codes = new Set<Code>(route.refuses);
  if (route.params !== null || route.query !== null || route.body !== null) codes.add("REQUEST_INVALID");
  if (route.body !== null || route.upload !== undefined) codes.add("PAYLOAD_TOO_LARGE");
  if (route.method !== "get") codes.add("ORIGIN_REFUSED");
  if (!isOpen(route)) for (const code of ["LOGIN_REQUIRED", "LOGIN_FAILED", "TOO_MANY_REQUESTS"] as const) codes.add(code);
  return [...codes, "FORBIDDEN", "INTERNAL"];
};

const answersOf = (route: Route): Record<string, Answer> => {
  const media = [route.media ?? "application/json"].flat();
  const schema: Schema = route.answer === null ? { type: "string" } : schemaOf(route.answer, "output");
  const answers: Record<string, Answer> = {
    [route.status]:
      route.status === 204
        ? { description: "Done." }
        : { description: "The answer.", content: Object.fromEntries(media.map((one) => [one, { schema }])) },
  };
  if (route.id === "health") answers["503"] = { description: "It is failing.", content: { "application/json": { schema } } };
  const byStatus = new Map<number, Code[]>();
  for (const code of codesOf(route)) byStatus.set(CODES[code].status, [...(byStatus.get(CODES[code].status) ?? []), code]);
  for (const [status, codes] of [...byStatus].toSorted(([a], [b]) => a - b))
    answers[status] = {
      description: codes.map((code) => `${code}: ${CODES[code].says}`).join("\n"),
      content: { "application/problem+json": { schema: { $ref: refTo("Problem") } } },
      "x-codes": codes,
    };
  return answers;
};

const operationOf = (route: Route): Operation => ({
  operationId: route.id,
  tags: [route.group],
  summary: route.summary,
  ...(route.more === undefined ? {} : { description: route.more }),
  parameters: [...parametersOf(route.params, "path", route.example.params), ...parametersOf(route.query, "query", route.example.query)],
  ...(route.upload === undefined
    ? {}
    : {
        requestBody: {
          required: true as const,
          content: Object.fromEntries(route.upload.media.map((media) => [media, { schema: { type: "string", format: "binary" } }])),
        },
      }),
  ...(route.body === null
    ? {}
    : {
        requestBody: {
          required: true,
          content: { "application/json": { schema: schemaOf(route.body, "input"), example: route.example.body } },
        },
      }),
  responses: answersOf(route),
  // The empty requirement: callers of this machine may need nothing.
  security: isOpen(route) ? [] : [{}, { session: [] }, { token: [] }],
});

/** Makes the document. `version` is the server's. */
export const openapiOf = (table: readonly Route[], version: string): Document => {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of table) {
    const path = route.path.replace(/:([A-Za-z]+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Rigtwin",
      version,
      description:
        "Live state, history, records and alarms of one mining site. Times are ms since 1970 UTC; units stand in the names; null means not measured.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(table.map(({ group }) => group))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...componentsOf(ANSWERS, "output"), ...componentsOf(BODIES, "input") },
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: COOKIE },
        token: { type: "http", scheme: "bearer", description: "A token made under Access, with its scopes." },
      },
    },
  };
};
