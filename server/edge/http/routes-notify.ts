/** Lines of the table about notifications. */
import * as shapes from "../../twin/notify/shapes.ts";
import { ROUTES } from "../../twin/wire.ts";
import { fromOf, somebody } from "./access.ts";
import { route, type Route } from "./route.ts";

const none = { params: null, query: null, body: null } as const;
const WRITES = ["JOURNAL_UNAVAILABLE", "DISK_FULL"] as const;

export const NOTIFY_TABLE: readonly Route[] = [
  route({
    ...none,
    id: "notifications",
    method: "get",
    path: ROUTES.notifications,
    group: "Alarms",
    status: 200,
    refuses: [],
    example: {},
    summary: "Channels, who is told what and when, and the newest messages with what became of them",
    more: "Of a secret only `set` or `not set` is told, of an address only its host.",
    answer: shapes.notifications,
    run: ({ notify }) => notify.notifications(),
  }),
  route({
    ...none,
    id: "setNotifyRules",
    method: "post",
    path: ROUTES.notifications,
    group: "Alarms",
    status: 200,
    refuses: ["NOT_FOUND", ...WRITES],
    example: { body: { zone: "Europe/Vienna", routes: [{ channel: "ops-mail", least: "major" }] } },
    summary: "Set who is told what and when",
    more: "The whole of it; what is left out is as it comes.",
    body: shapes.notifyRules,
    answer: shapes.notifications,
    run: ({ notify }, { body }, around) => notify.setNotifyRules(somebody(around), body, fromOf(around.request)),
  }),
  route({
    ...none,
    id: "setChannel",
    method: "post",
    path: ROUTES.channels,
    group: "Alarms",
    status: 200,
    refuses: [...WRITES],
    example: {
      body: { id: "night-shift", label: "Night shift", kind: "webhook", secrets: { url: "https://example.org/hook", key: "whsec_…" } },
    },
    summary: "Make a channel, or change it",
    more: "Secrets that are left out stay as they are.",
    body: shapes.newChannel,
    answer: shapes.notifications,
    run: ({ notify }, { body }, around) => notify.setChannel(somebody(around), body, fromOf(around.request)),
  }),
  route({
    ...none,
    id: "endChannel",
    method: "delete",
    path: ROUTES.channel,
    group: "Alarms",
    status: 200,
    refuses: ["NOT_FOUND", ...WRITES],
    example: { params: { channel: "night-shift" } },
    summary: "Take a channel away, with its secrets and its routes",
    params: shapes.channelParams,
    answer: shapes.notifications,
    run: ({ notify }, { params }, around) => notify.endChannel(somebody(around), params.channel, fromOf(around.request)),
  }),
  route({
    ...none,
    id: "testChannel",
    method: "post",
    path: ROUTES.channelTest,
    group: "Alarms",
    status: 200,
    refuses: ["NOT_FOUND", "TOO_MANY_REQUESTS"],
    heavy: true,
    example: { params: { channel: "night-shift" } },
    summary: "Send a test and tell what the far end answered",
    more: "It is sent once and not kept; the answer comes when the far end's does, or its time is up.",
    params: shapes.channelParams,
    answer: shapes.testAnswer,
    run: ({ notify }, { params }, around) => notify.testChannel(somebody(around), params.channel, fromOf(around.request)),
  }),
];
