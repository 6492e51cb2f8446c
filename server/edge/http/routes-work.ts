/** Lines of the table for maintenance: work orders, their photos. */
import { z } from "zod";
import { plainText } from "../../twin/api.ts";
import { ROUTES } from "../../twin/wire.ts";
import { usageQuery } from "../../twin/usage/shapes.ts";
import * as work from "../../twin/orders/shapes.ts";
import { route, type Route } from "./route.ts";

const none = { params: null, query: null, body: null } as const;
const WRITES = ["JOURNAL_UNAVAILABLE", "DISK_FULL"] as const;
/** A phone's picture as the dashboard sends it has half a megabyte. */
export const PHOTO_BYTES = 8_000_000;

export const orderParams = z.object({ order: z.string().regex(/^WO-[1-9]\d{0,8}$/) });
export const photoParams = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) });
export const photoQuery = z.object({ by: plainText(64), caption: z.string().trim().max(200).default("") });

/** Fifty thousand lines. */
const POSITIONS_BYTES = 4_000_000;
export const positionsQuery = z.object({ by: plainText(64), check: z.enum(["yes", "no"]).default("no") });
export const positionsAnswer = z.object({ changed: z.int(), same: z.int() });
const PLAN = {
  what: "set",
  by: "badge-17",
  plan: { id: "filters", name: "Clean filters", kind: "cleaning", trigger: { by: "hours", runningH: 2_000 } },
};

const ORDER = { order: "WO-1" };
const PHOTO = { hash: "0".repeat(64) };

export const WORK_TABLE: readonly Route[] = [
  route({
    ...none,
    id: "plans",
    method: "get",
    path: ROUTES.plans,
    group: "Maintenance",
    status: 200,
    refuses: [],
    example: {},
    summary: "Plans, and what is due by them now",
    answer: work.plans,
    run: (handlers) => handlers.plans(),
  }),
  route({
    ...none,
    id: "changePlan",
    method: "post",
    path: ROUTES.plans,
    group: "Maintenance",
    status: 200,
    refuses: ["NOT_FOUND", ...WRITES],
    example: { body: PLAN },
    summary: "Set or drop a plan",
    more: "By hours: so many running hours after the last sealed work of its kind. By drift: while the rig's alarm “drifting” stands.",
    body: work.planChange,
    answer: work.plans,
    run: (handlers, { body }) => handlers.changePlan(body),
  }),
  route({
    ...none,
    id: "reliability",
    method: "get",
    path: ROUTES.reliability,
    group: "Maintenance",
    status: 200,
    refuses: ["RANGE_INVALID", "STORE_UNAVAILABLE"],
    heavy: true,
    example: { query: { from: "1762819200000", to: "1762905600000", by: "rack" } },
    summary: "MTBF, MTTR, cost and repeat offenders of whole UTC days, by group",
    more: "Computed from work orders, sealed records, alarms and the five-minute rows; docs/maintenance.md says what counts as a failure.",
    query: usageQuery,
    answer: work.reliability,
    run: (handlers, { query }) => handlers.reliability(query),
  }),
  route({
    ...none,
    id: "setPositions",
    method: "post",
    path: ROUTES.positions,
    group: "Rigs",
    status: 200,
    refuses: [...WRITES],
    example: { query: { by: "badge-17", check: "yes" } },
    summary: "Say where rigs stand",
    more: `The body is a CSV of at most ${POSITIONS_BYTES / 1_000_000} MB with the columns rig (or serial, or mac), container, rack, slot; a place whose three names are empty is one that nobody knows. All of it is applied or, where a line has a fault, nothing; \`check=yes\` applies nothing.`,
    query: positionsQuery,
    upload: { media: ["text/csv"], bytes: POSITIONS_BYTES },
    answer: positionsAnswer,
    run: (handlers, { query }, { request }) =>
      handlers.setPositions(new TextDecoder().decode(request.body as Buffer), query.by, query.check === "yes"),
  }),
  route({
    ...none,
    id: "orders",
    method: "get",
    path: ROUTES.orders,
    group: "Maintenance",
    status: 200,
    refuses: [],
    example: { query: { state: "live", rig: "rig-0001" } },
    summary: "Work orders, newest first",
    more: "`live` are those that are open, in progress or waiting.",
    query: work.ordersQuery,
    answer: work.orders,
    run: (handlers, { query }) => handlers.orders(query),
  }),
  route({
    ...none,
    id: "openOrder",
    method: "post",
    path: ROUTES.orders,
    group: "Maintenance",
    status: 201,
    refuses: ["RIG_UNKNOWN", "NOT_FOUND", ...WRITES],
    example: {
      body: {
        key: "6f1c2f7e-9f5d-4a2b",
        by: "badge-17",
        title: "Fan 2 fails",
        kind: "part-replaced",
        corrective: true,
        priority: "high",
        rigs: ["rig-0001"],
      },
    },
    summary: "Open a work order",
    more: "For one rig or several, from an alarm or a plan. The same `key` again opens no second one.",
    body: work.newOrder,
    answer: work.order,
    run: (handlers, { body }) => handlers.openOrder(body),
  }),
  route({
    ...none,
    id: "order",
    method: "get",
    path: ROUTES.order,
    group: "Maintenance",
    status: 200,
    refuses: ["ORDER_UNKNOWN"],
    example: { params: ORDER },
    summary: "One work order",
    params: orderParams,
    answer: work.order,
    run: (handlers, { params }) => handlers.order(params.order),
  }),
  route({
    ...none,
    id: "changeOrder",
    method: "post",
    path: ROUTES.order,
    group: "Maintenance",
    status: 200,
    refuses: ["ORDER_UNKNOWN", "ORDER_CHANGED", "NOT_FOUND", ...WRITES],
    example: { params: ORDER, body: { what: "move", rev: 1, by: "badge-17", state: "in-progress" } },
    summary: "Change a work order: edit, move, close, tick, note, time",
    more: "An edit, a move and a close name the revision they are based on and are refused where somebody else was first. Closing it as done seals a record for each of its rigs.",
    params: orderParams,
    body: work.orderChange,
    answer: work.order,
    run: (handlers, { params, body }) => handlers.changeOrder(params.order, body),
  }),
  route({
    ...none,
    id: "addPhoto",
    method: "post",
    path: ROUTES.orderPhotos,
    group: "Maintenance",
    status: 201,
    refuses: ["ORDER_UNKNOWN", "ORDER_CHANGED", "IMAGE_INVALID", ...WRITES],
    example: { params: ORDER, query: { by: "badge-17", caption: "label" } },
    summary: "Add a photo to a work order",
    more: `The body is the picture itself, a JPEG, PNG or WebP of at most ${PHOTO_BYTES / 1_000_000} MB. Its kind is read from its bytes; place, time and camera are cut out before it is kept.`,
    params: orderParams,
    query: photoQuery,
    upload: { media: ["image/jpeg", "image/png", "image/webp"], bytes: PHOTO_BYTES },
    answer: work.order,
    run: (handlers, { params, query }, { request }) =>
      handlers.addPhoto(params.order, query.by, query.caption, new Uint8Array(request.body as Buffer)),
  }),
  route({
    ...none,
    id: "photo",
    method: "get",
    path: ROUTES.photo,
    group: "Maintenance",
    status: 200,
    refuses: ["NOT_FOUND"],
    example: { params: PHOTO },
    media: "image/*",
    summary: "A photo by its hash",
    params: photoParams,
    answer: null,
    run: async (handlers, { params }, { response }) => {
      const { media, bytes } = await handlers.photo(params.hash);
      // Its address is its hash: it never becomes another.
      response.setHeader("Cache-Control", "private, max-age=31536000, immutable");
      response.type(media);
      return Buffer.from(bytes);
    },
  }),
];
