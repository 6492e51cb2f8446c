/**
 * Who may do what: one table, read by the HTTP gate, the live feed and the dashboard. Whatever is not in it is denied to everybody.
 * The names are the operations of the API (`id` of a route) and the events of the live feed (`live:` before the event's name).
 */
export const ROLES = ["admin", "operator", "technician", "investor", "engineer"] as const;
export type Role = (typeof ROLES)[number];
/** `public` is whoever comes, without a name. */
export type Who = Role | "public";

/** What a program's token may be good for; a token never may more than the person it belongs to. */
export const SCOPES = ["metrics", "read", "write"] as const;
export type Scope = (typeof SCOPES)[number];

const EVERYBODY: readonly Who[] = ["public", ...ROLES];
const PEOPLE: readonly Who[] = ROLES;
/** Who sees the farm from inside. Investors see twins, not the farm. */
const STAFF: readonly Who[] = ["admin", "operator", "technician", "engineer"];
const HANDS: readonly Who[] = ["admin", "operator", "technician"];
const OPERATORS: readonly Who[] = ["admin", "operator"];
const ADMINS: readonly Who[] = ["admin"];

export const RIGHTS: Readonly<Record<string, readonly Who[]>> = {
  // twins, open to whoever has the address
  twinByToken: EVERYBODY,
  days: EVERYBODY,
  day: EVERYBODY,
  bundle: EVERYBODY,
  signed: EVERYBODY,
  chain: EVERYBODY,
  // the door itself
  health: EVERYBODY,
  openapi: EVERYBODY,
  reference: EVERYBODY,
  login: EVERYBODY,
  logout: EVERYBODY,
  walletNonce: EVERYBODY,
  walletLogin: EVERYBODY,
  me: EVERYBODY,
  // one's own
  rpc: PEOPLE,
  changePassword: PEOPLE,
  sessions: PEOPLE,
  endSession: PEOPLE,
  tokens: PEOPLE,
  addToken: PEOPLE,
  endToken: PEOPLE,
  startTotp: PEOPLE,
  confirmTotp: PEOPLE,
  endTotp: PEOPLE,
  ownTwins: PEOPLE,
  // the farm, to be read
  site: STAFF,
  siteSeries: STAFF,
  energy: STAFF,
  usage: STAFF,
  usageCsv: STAFF,
  report: STAFF,
  reportCsv: STAFF,
  reportPdf: STAFF,
  quotes: STAFF,
  rigs: STAFF,
  rig: STAFF,
  rigSeries: STAFF,
  records: STAFF,
  alarms: STAFF,
  incidents: STAFF,
  alarmRules: STAFF,
  ruleTrial: STAFF,
  expected: STAFF,
  commands: STAFF,
  curtailment: STAFF,
  planCurtailment: OPERATORS,
  planCommands: OPERATORS,
  latest: STAFF,
  drawn: STAFF,
  top: STAFF,
  uptime: STAFF,
  stopped: STAFF,
  performance: STAFF,
  activity: STAFF,
  export: STAFF,
  plans: STAFF,
  reliability: STAFF,
  comments: STAFF,
  mentions: STAFF,
  seeMentions: STAFF,
  handovers: STAFF,
  pushDevices: STAFF,
  addPushDevice: STAFF,
  endPushDevice: STAFF,
  orders: STAFF,
  order: STAFF,
  photo: STAFF,
  partChanges: STAFF,
  technicians: STAFF,
  status: STAFF,
  refusals: STAFF,
  energyTruth: STAFF,
  inbox: STAFF,
  metrics: STAFF,
  "live:watch": STAFF,
  "live:ack": STAFF,
  "live:resync": STAFF,
  "live:control": STAFF,
  "live:here": STAFF,
  // the farm, to be changed
  addRecord: HANDS,
  draftRecord: HANDS,
  explainPart: HANDS,
  addComment: HANDS,
  addHandover: HANDS,
  openOrder: HANDS,
  changeOrder: HANDS,
  addPhoto: HANDS,
  changePlan: OPERATORS,
  setPositions: HANDS,
  acknowledge: OPERATORS,
  addQuotes: OPERATORS,
  addSubstitute: OPERATORS,
  map: OPERATORS,
  previewMapping: OPERATORS,
  unmap: OPERATORS,
  alarmAct: OPERATORS,
  tryRule: OPERATORS,
  endTrial: OPERATORS,
  alarmActs: OPERATORS,
  orderCommands: OPERATORS,
  curtail: OPERATORS,
  notifications: OPERATORS,
  // keys of the house
  setTechnician: ADMINS,
  setNotifyRules: ADMINS,
  setChannel: ADMINS,
  endChannel: ADMINS,
  testChannel: ADMINS,
  people: ADMINS,
  addPerson: ADMINS,
  changePerson: ADMINS,
  devices: ADMINS,
  addDevice: ADMINS,
  rotateDevice: ADMINS,
  endDevice: ADMINS,
  deviceRules: ADMINS,
  audit: ADMINS,
  auditExport: ADMINS,
};

/** Who asks: a person, a person's token, or a caller of this machine on a farm that leaves its door ajar. */
export interface Principal {
  /** Number of the person; null: a caller of this machine without an account. */
  readonly person: number | null;
  /** Of the session or token by which it came; null where there is none. */
  readonly key: string | null;
  /** The pseudonym under which acts are written down. */
  readonly name: string;
  readonly role: Role;
  /** null: everything its role may. */
  readonly scopes: readonly Scope[] | null;
}

const inScope = (scopes: readonly Scope[] | null, right: string, changes: boolean): boolean =>
  scopes === null ||
  (right === "metrics" ? scopes.includes("metrics") || scopes.includes("read") : scopes.includes(changes ? "write" : "read"));

/** True where `principal` (null: nobody in particular) may do `right`; `changes` where it alters something. An unknown right is denied. */
export const may = (principal: Principal | null, right: string, changes: boolean): boolean => {
  const granted = Object.hasOwn(RIGHTS, right) ? RIGHTS[right] : undefined;
  if (granted === undefined) return false;
  if (granted.includes("public")) return true;
  return principal !== null && granted.includes(principal.role) && inScope(principal.scopes, right, changes);
};
