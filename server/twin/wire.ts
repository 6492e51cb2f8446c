/** Every name on every wire. Both ends import this file; nothing else spells a topic, an event or a path. */

/** First two levels of our own dialect. */
export const ROOT = "rigtwin/v1";

/** What follows `{ROOT}/{site}/{rig}/`. */
export const CHANNELS = {
  /** QoS 1, not retained: `{v, ts, seq, boot, m}`. */
  telemetry: "telemetry",
  /** QoS 1, not retained: `{v, ts, seq, boot, answers: {command: answer}}`, a machine's own answers untouched. */
  answers: "answers",
  /** QoS 1, retained: `{v, ts, boot, identity, nameplate, position, capabilities}`. */
  birth: "birth",
  /** QoS 1, retained: `{v, ts, state: "online" | "offline" | "lost"}`; the Will says lost. */
  state: "state",
  /** QoS 1, not retained: a site's meter (the second name is the meter). */
  energy: "energy",
  /** QoS 1, not retained: many readings under one signature, `{v, signed, sig}` (the second name is the gateway). */
  signed: "signed",
} as const;
export type Channel = keyof typeof CHANNELS;

/** A name that is safe as a topic level, a tag and a path part. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `rigtwin/v1/{site}/{rig}/{channel}` */
export const topicOf = (site: string, rig: string, channel: Channel): string => `${ROOT}/${site}/${rig}/${CHANNELS[channel]}`;

/** What the server itself writes into the journal beside the messages: first level `$rigtwin`, never accepted from a broker. */
export const OWN = {
  /** The server started: `{version}`. */
  start: "$rigtwin/start",
  /** The journal's clock: one every TICK_MS, so that "nothing came" is part of the journal too. */
  tick: "$rigtwin/tick",
  /** A sealed record (JCS bytes). */
  record: "$rigtwin/record",
  /** What the chain says of records and tokens: `OnChain` JSON. */
  onChain: "$rigtwin/on-chain",
  /** An operator's act on an alarm or a position: `Act` JSON. */
  act: "$rigtwin/act",
  /** An act on a work order or a maintenance plan: `WorkAct` JSON. */
  work: "$rigtwin/work",
  /** How a part of this system is doing, written when it changes: `{part, ok, detail}`. */
  part: "$rigtwin/part",
  /** What becomes of a command: `CommandNews` JSON. */
  command: "$rigtwin/command",
  /** What becomes of a notification: `NotifyNews` JSON. */
  notify: "$rigtwin/notify",
  /** Curtailment: what is wished, and who is told: `CurtailNews` JSON. */
  curtail: "$rigtwin/curtail",
  /** Prices that somebody entered: `NewQuotes` JSON. */
  quote: "$rigtwin/quote",
  /** What people tell each other: `NoteNews` JSON. */
  note: "$rigtwin/note",
  /** What becomes of a day: sealed, kept, anchored; `DayNews` JSON. */
  anchor: "$rigtwin/anchor",
} as const;
/** Before a topic that no message may have: what came under it is journaled and refused. */
export const UNFIT = "?";
export const TICK_MS = 5_000;

/** socket.io events. */
export const EVENTS = {
  /** client → server: `{view: "live"}` or `{view: "replay", from, to, speed}`; answered by a snapshot. */
  watch: "watch",
  /** client → server: `{n}`; the client has drawn frame n. */
  ack: "ack",
  /** client → server: a number was skipped, send the whole. */
  resync: "resync",
  /** client → server, replay only: `{playing?, speed?, at?}`. */
  control: "control",
  /** server → client: `Gist`, the site's figures, before the first snapshot of a live view, which takes longer. */
  gist: "gist",
  /** server → client: `SnapshotMeta`, binary columns of every rig. */
  snapshot: "snapshot",
  /** server → client: `FrameMeta`, binary columns of the changed rigs. */
  frame: "frame",
  /** client → server: `{page}`, the path of the page one is on, for the others to see. */
  here: "here",
  /** server → client: `People`, who is here and how much was said; when it changes. */
  people: "people",
  /** server → client: a Problem; the watch goes on as it was. */
  refused: "refused",
} as const;

/** Frames a client may leave unacknowledged before it is passed over. */
export const FRAME_WINDOW = 2;
/** Between two live frames, ms. */
export const FRAME_MS = 500;

/** Header of a request: the room of a replay, out of its clock. */
export const ROOM_HEADER = "x-rigtwin-room";

/** HTTP paths. `:name` is a parameter. */
export const ROUTES = {
  health: "/api/v1/health",
  site: "/api/v1/site",
  rigs: "/api/v1/rigs",
  rig: "/api/v1/rigs/:rig",
  series: "/api/v1/rigs/:rig/series",
  /** A line of few points that looks like all of them. */
  drawn: "/api/v1/rigs/:rig/series/drawn",
  records: "/api/v1/rigs/:rig/records",
  /** What a technician is to sign. */
  recordDraft: "/api/v1/rigs/:rig/records/draft",
  technicians: "/api/v1/technicians",
  /** Another machine took its place. */
  substitute: "/api/v1/rigs/:rig/substitute",
  twin: "/api/v1/twins/:tokenId",
  /** Its sealed days, one line each. */
  days: "/api/v1/twins/:tokenId/days",
  /** One of them, `2026-11-20`, with rows, leaf and proof. */
  day: "/api/v1/twins/:tokenId/days/:day",
  /** What gateways signed of it, in parts. */
  signed: "/api/v1/twins/:tokenId/days/:day/signed",
  /** All that a stranger needs to check a stretch of its history. */
  bundle: "/api/v1/twins/:tokenId/bundle",
  alarms: "/api/v1/alarms",
  /** One act on many alarms. */
  alarmActs: "/api/v1/alarms/acts",
  alarmRules: "/api/v1/alarm-rules",
  ruleTrial: "/api/v1/alarm-rules/trial",
  rigExpected: "/api/v1/rigs/:rig/expected",
  incidents: "/api/v1/incidents",
  /** Channels, routes, and what became of the newest messages. */
  notifications: "/api/v1/notifications",
  channels: "/api/v1/notifications/channels",
  channel: "/api/v1/notifications/channels/:channel",
  /** Browsers that are told by push. */
  pushDevices: "/api/v1/notifications/browsers",
  pushDevice: "/api/v1/notifications/browsers/:device",
  channelTest: "/api/v1/notifications/channels/:channel/test",
  commands: "/api/v1/commands",
  commandPlan: "/api/v1/commands/plan",
  curtailment: "/api/v1/curtailment",
  curtailmentPlan: "/api/v1/curtailment/plan",
  /** Parts whose serial numbers changed; posted: why. */
  partChanges: "/api/v1/part-changes",
  /** Use, cost and estimated revenue of whole days. */
  usage: "/api/v1/usage",
  usageCsv: "/api/v1/usage.csv",
  quotes: "/api/v1/quotes",
  /** One month as a report: to read, as a table, as a document. */
  report: "/api/v1/report",
  reportCsv: "/api/v1/report.csv",
  reportPdf: "/api/v1/report.pdf",
  /** Where rigs stand. */
  positions: "/api/v1/positions",
  /** What falls due by itself. */
  plans: "/api/v1/maintenance/plans",
  reliability: "/api/v1/maintenance/reliability",
  /** What people say of a rig, an incident or a moment. */
  comments: "/api/v1/comments",
  mentions: "/api/v1/me/mentions",
  /** What one shift leaves to the next. */
  handovers: "/api/v1/handovers",
  /** Work orders. */
  orders: "/api/v1/orders",
  order: "/api/v1/orders/:order",
  orderPhotos: "/api/v1/orders/:order/photos",
  photo: "/api/v1/photos/:hash",
  energy: "/api/v1/energy",
  /** Of this moment: which figure is in force, and what each rig has of the meter. */
  energyTruth: "/api/v1/energy/truth",
  siteSeries: "/api/v1/site/series",
  latest: "/api/v1/site/latest",
  top: "/api/v1/site/top",
  stopped: "/api/v1/site/stopped",
  uptime: "/api/v1/site/uptime",
  performance: "/api/v1/site/performance",
  activity: "/api/v1/site/activity",
  export: "/api/v1/export",
  status: "/api/v1/status",
  refusals: "/api/v1/refusals",
  /** Topics nobody reads, and what they were mapped to. */
  inbox: "/api/v1/inbox",
  unmap: "/api/v1/inbox/unmap",
  previewMapping: "/api/v1/inbox/preview",
  chain: "/api/v1/chain",
  /** JSON-RPC to the local chain, read-only methods, so that a browser can check against it. */
  rpc: "/api/v1/rpc",
  openapi: "/api/v1/openapi.json",
  reference: "/api/v1/reference",
  login: "/api/v1/login",
  walletNonce: "/api/v1/wallet/nonce",
  walletLogin: "/api/v1/wallet/login",
  me: "/api/v1/me",
  ownTwins: "/api/v1/me/twins",
  password: "/api/v1/me/password",
  totp: "/api/v1/me/totp",
  totpEnd: "/api/v1/me/totp/end",
  sessions: "/api/v1/me/sessions",
  session: "/api/v1/me/sessions/:id",
  tokens: "/api/v1/me/tokens",
  token: "/api/v1/me/tokens/:id",
  people: "/api/v1/people",
  person: "/api/v1/people/:person",
  devices: "/api/v1/devices",
  device: "/api/v1/devices/:device",
  /** The same rules for an outside broker. */
  deviceRules: "/api/v1/device-rules",
  audit: "/api/v1/audit",
  auditExport: "/api/v1/audit/export",
  metrics: "/metrics",
} as const;

/** Fills a route's parameters, each escaped. */
export const pathOf = (route: string, parameters: Readonly<Record<string, string | number>>): string =>
  route.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(String(parameters[name] ?? "")));
