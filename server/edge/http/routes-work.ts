/** Lines of the table for maintenance: work orders, their photos. */
import { z } from "zod";
import { plainText } from "../../twin/api.ts";
import { ROUTES } from "../../twin/wire.ts";
import * as work from "../../twin/orders/shapes.ts";
import { route, type Route } from "./route.ts";

const none = { params: null, query: null, body: null } as const;
const WRITES = ["JOURNAL_UNAVAILABLE", "DISK_FULL"] as const;
/** A phone's picture as the dashboard sends it has half a megabyte. */
export const PHOTO_BYTES = 8_000_000;

export const orderParams = z.object({ order: z.string().regex(/^WO-[1-9]\d{0,8}$/) });
export const photoParams = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) });
export const photoQuery = z.object({ by: plainText(64), caption: z.string().trim().max(200).default("") });

const ORDER = { order: "WO-1" };
const PHOTO = { hash: "0".repeat(64) };

export const WORK_TABLE: readonly Route[] = [
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
