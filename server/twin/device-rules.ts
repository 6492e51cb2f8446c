/**
 * What a device may do at a broker, denied unless granted: publish readings under the names that are its own, hear the commands meant for
 * them, and nothing else. The embedded broker asks these functions; outside brokers get the same as Mosquitto's and EMQX's own rules.
 */
import { CHANNELS, NAME_PATTERN, ROOT } from "./wire.ts";

export interface Device {
  readonly name: string;
  /** Names of rigs it speaks for, `c1-*` for all that begin so; with a slash: the beginning of topics of another dialect. */
  readonly topics: readonly string[];
}

const CHANNEL_NAMES: ReadonlySet<string> = new Set(Object.values(CHANNELS));
/** What outlives its moment; everything else retained would be read as news by whoever comes later. */
const RETAINED: ReadonlySet<string> = new Set([CHANNELS.birth, CHANNELS.state]);

const foreignOf = ({ topics }: Device): string[] =>
  topics.filter((topic) => topic.includes("/") && !topic.startsWith("$") && !topic.startsWith(`${ROOT.split("/")[0]}/`));
const namesOf = ({ name, topics }: Device): string[] => [name, ...topics.filter((topic) => !topic.includes("/"))];

/** True where `rig` is one of the device's own names. */
export const speaksFor = (device: Device, rig: string): boolean =>
  NAME_PATTERN.test(rig) && namesOf(device).some((name) => (name.endsWith("*") ? rig.startsWith(name.slice(0, -1)) : rig === name));

/** `[rig, …rest]` of a topic of our own dialect on this site, null for any other. */
const ownLevels = (site: string, topic: string): readonly string[] | null => {
  const head = `${ROOT}/${site}/`;
  return topic.startsWith(head) ? topic.slice(head.length).split("/") : null;
};

/** Whether `device` may publish to `topic`, retained or not. Holds for its Will as well. */
export const mayPublish = (device: Device, site: string, topic: string, retain: boolean): boolean => {
  if (/[+#\u0000]/.test(topic) || topic.startsWith("$")) return false;
  const levels = ownLevels(site, topic);
  if (levels === null) return foreignOf(device).some((head) => topic.startsWith(head));
  const [rig = "", channel = "", ...rest] = levels;
  if (!speaksFor(device, rig)) return false;
  if (channel === "cmd") return rest.length === 2 && NAME_PATTERN.test(rest[0] ?? "") && rest[1] === "resp" && !retain;
  return rest.length === 0 && CHANNEL_NAMES.has(channel) && (!retain || RETAINED.has(channel));
};

/** Whether `device` may subscribe to `filter`: the commands of its own names, each by name, and its own topics of another dialect. */
export const maySubscribe = (device: Device, site: string, filter: string): boolean => {
  if (filter.startsWith("$")) return false;
  const levels = ownLevels(site, filter);
  if (levels === null) return foreignOf(device).some((head) => head.endsWith("/") && filter.startsWith(head));
  const [rig = "", channel = "", ...rest] = levels;
  if (!speaksFor(device, rig) || channel !== "cmd" || rest.length !== 1) return false;
  return rest[0] === "+" || NAME_PATTERN.test(rest[0] ?? "");
};

/** Names of `device` as a broker without our wildcards must have them: `c1-*` becomes the rigs of that name there are. */
const spelledOut = (device: Device, rigs: readonly string[]): string[] => [
  ...new Set(namesOf(device).flatMap((name) => (name.endsWith("*") ? rigs.filter((rig) => speaksFor(device, rig)) : [name]))),
];

/**
 * What the server itself publishes at an outside broker besides commands: that it is there as a Sparkplug host, its requests to edge nodes, and Home
 * Assistant's discovery.
 */
const hostTopics = (site: string): readonly string[] => [
  `spBv1.0/STATE/rigtwin-${site}`,
  "spBv1.0/+/NCMD/+",
  "homeassistant/#",
  `rigtwin-ha/${site}/#`,
];

/** The user as which the server itself logs in at an outside broker. */
export const SERVER_USER = "rigtwin-server";

/** An `acl_file` for Mosquitto 2 (mosquitto.conf(5)): what is not granted there is denied. `rigs`: all names known now. */
export const mosquittoRules = (devices: readonly Device[], site: string, rigs: readonly string[]): string => {
  const lines = [
    "# acl_file of mosquitto.conf; with allow_anonymous false. Make it anew when devices or rigs are added.",
    `user ${SERVER_USER}`,
    `topic readwrite ${ROOT}/${site}/#`,
    ...hostTopics(site).map((topic) => `topic write ${topic}`),
    ...devices.flatMap((device) => foreignOf(device).map((head) => `topic read ${head.replace(/\/?$/, "/#")}`)),
  ];
  for (const device of devices) {
    lines.push("", `user ${device.name}`);
    for (const rig of spelledOut(device, rigs)) {
      for (const channel of CHANNEL_NAMES) lines.push(`topic write ${ROOT}/${site}/${rig}/${channel}`);
      lines.push(`topic write ${ROOT}/${site}/${rig}/cmd/+/resp`, `topic read ${ROOT}/${site}/${rig}/cmd/+`);
    }
    for (const head of foreignOf(device)) lines.push(`topic readwrite ${head.replace(/\/?$/, "/#")}`);
  }
  return `${lines.join("\n")}\n`;
};

/** An `acl.conf` for EMQX 5 (Erlang terms, first match wins); ends with a denial of everything. */
export const emqxRules = (devices: readonly Device[], site: string, rigs: readonly string[]): string => {
  const quoted = (topics: readonly string[]): string => `[${topics.map((topic) => JSON.stringify(topic)).join(", ")}]`;
  const lines = [
    "%% acl.conf of EMQX: authorization.sources = [{type = file, path = ...}], no_match = deny. Make it anew when devices or rigs are added.",
    `{allow, {user, "${SERVER_USER}"}, all, ${quoted([`${ROOT}/${site}/#`, ...hostTopics(site), ...devices.flatMap(foreignOf).map((head) => head.replace(/\/?$/, "/#"))])}}.`,
  ];
  for (const device of devices) {
    const own = spelledOut(device, rigs).map((rig) => `${ROOT}/${site}/${rig}`);
    const published = own.flatMap((head) => [...[...CHANNEL_NAMES].map((channel) => `${head}/${channel}`), `${head}/cmd/+/resp`]);
    lines.push(`{allow, {user, "${device.name}"}, publish, ${quoted(published)}}.`);
    lines.push(`{allow, {user, "${device.name}"}, subscribe, ${quoted(own.map((head) => `${head}/cmd/+`))}}.`);
    const foreign = foreignOf(device).map((head) => head.replace(/\/?$/, "/#"));
    if (foreign.length > 0) lines.push(`{allow, {user, "${device.name}"}, all, ${quoted(foreign)}}.`);
  }
  return `${[...lines, "{deny, all}."].join("\n")}\n`;
};
