/** Every setting: flag, variable, default, meaning, in one table. Read once, all faults reported together, then frozen. */
import { resolve } from "node:path";
import { HASS_LEVELS, type HassLevel } from "./twin/hass.ts";
import { isKnownKey } from "./twin/known-keys.ts";
import { isKnown, weakness } from "./twin/passwords.ts";
import { isZone } from "./twin/wall-time.ts";
import { NAME_PATTERN } from "./twin/wire.ts";
import { Refused } from "./twin/refusal.ts";
import { ROLES, type Role } from "./twin/rights.ts";

interface Setting<T> {
  readonly flag: string;
  readonly variable: string;
  readonly value: string;
  readonly fallback: T;
  readonly says: string;
  /** Gives the value, or a sentence that says what is wrong. */
  readonly read: (text: string) => T | Wrong;
  /** Shown as "set" or "not set". */
  readonly secret?: boolean;
}
class Wrong {
  readonly says: string;
  constructor(says: string) {
    this.says = says;
  }
}

const port = (text: string): number | Wrong => {
  const n = Number(text);
  return /^\d+$/.test(text) && n <= 65_535 ? n : new Wrong("must be a port, 0 to 65535 (0: any free one)");
};
const whole =
  (least: number, most: number) =>
  (text: string): number | Wrong => {
    const n = Number(text);
    return /^\d+$/.test(text) && n >= least && n <= most ? n : new Wrong(`must be a whole number from ${least} to ${most}`);
  };
const degrees = (text: string): "C" | "F" | Wrong => (text === "C" || text === "F" ? text : new Wrong("must be C or F"));
const url =
  (...schemes: string[]) =>
  (text: string): string | Wrong => {
    const ok = schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text);
    return ok ? text : new Wrong(`must be an address that starts with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`);
  };
const text =
  (most: number) =>
  (given: string): string | Wrong =>
    given.length > 0 && given.length <= most ? given : new Wrong(`must have 1 to ${most} characters`);
const name = (given: string): string | Wrong =>
  NAME_PATTERN.test(given) ? given : new Wrong("must be 1 to 64 of letters, digits, dot, dash and underscore");
const role = (given: string): Role | "none" | Wrong =>
  given === "none" || ROLES.includes(given as Role) ? (given as Role | "none") : new Wrong(`must be none or one of ${ROLES.join(", ")}`);
const hassLevel = (given: string): HassLevel | Wrong =>
  HASS_LEVELS.find((level) => level === given) ?? new Wrong(`must be one of ${HASS_LEVELS.join(", ")}`);
const zone = (given: string): string | Wrong => (isZone(given) ? given : new Wrong("must be a time zone like Europe/Vienna"));
const yesNo = (given: string): boolean | Wrong =>
  /^(1|true|yes|on)$/i.test(given) ? true : /^(0|false|no|off)$/i.test(given) ? false : new Wrong("must be yes or no");
const key = (given: string): `0x${string}` | Wrong =>
  /^0x[0-9a-fA-F]{64}$/.test(given) ? (given as `0x${string}`) : new Wrong("must be 0x and 64 hex digits");

const address = (given: string): `0x${string}` | Wrong =>
  /^0x[0-9a-fA-F]{40}$/.test(given) ? (given as `0x${string}`) : new Wrong("must be 0x and 40 hex digits");

const gatewayKeys = (given: string): string | Wrong =>
  given.split(",").every((pair) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[0-9a-f]{64}$/.test(pair.trim()))
    ? given
    : new Wrong("must be NAME:KEY pairs with commas between them, a KEY being 64 lower-case hex digits");

const technicians = (given: string): string | Wrong =>
  given.split(",").every((pair) => /^[^:,]{1,64}:0x[0-9a-fA-F]{40}$/.test(pair.trim()))
    ? given
    : new Wrong("must be BADGE:ADDRESS pairs with commas between them, an ADDRESS being 0x and 40 hex digits");

const setting = <T>(given: Setting<T>): Setting<T> => given;
const optional = <T>(given: Omit<Setting<T | null>, "fallback">): Setting<T | null> => ({ ...given, fallback: null });

export const SETTINGS = {
  host: setting({
    flag: "host",
    variable: "HOST",
    value: "ADDRESS",
    fallback: "127.0.0.1",
    says: "address the dashboard listens on; 0.0.0.0 for all",
    read: text(255),
  }),
  port: setting({ flag: "port", variable: "PORT", value: "N", fallback: 8080, says: "port of the dashboard and the API", read: port }),
  dataDir: setting({
    flag: "data-dir",
    variable: "DATA_DIR",
    value: "DIR",
    fallback: "data",
    says: "the one folder that keeps everything",
    read: text(1_000),
  }),
  site: setting({
    flag: "site",
    variable: "SITE",
    value: "NAME",
    fallback: "farm",
    says: "name of the site, second level of its topics",
    read: name,
  }),
  rigs: setting({ flag: "rigs", variable: "RIGS", value: "N", fallback: 60, says: "simulated rigs; 0 for none", read: whole(0, 50_000) }),
  interval: setting({
    flag: "interval",
    variable: "INTERVAL_S",
    value: "SECONDS",
    fallback: 5,
    says: "between two readings of a simulated rig",
    read: whole(1, 3_600),
  }),
  scenario: setting({
    flag: "scenario",
    variable: "SCENARIO",
    value: "NAME",
    fallback: "demo",
    says: "what happens on the simulated farm",
    read: name,
  }),
  seed: setting({
    flag: "seed",
    variable: "SEED",
    value: "N",
    fallback: 1,
    says: "of the simulation; the same seed gives the same farm",
    read: whole(0, 2 ** 31),
  }),
  backfill: setting({
    flag: "backfill",
    variable: "BACKFILL_H",
    value: "HOURS",
    fallback: 6,
    says: "simulated past on the first start, so that charts are not empty",
    read: whole(0, 168),
  }),
  mqttPort: setting({
    flag: "mqtt-port",
    variable: "MQTT_PORT",
    value: "N",
    fallback: 1883,
    says: "port of the embedded broker",
    read: port,
  }),
  mqttHost: setting({
    flag: "mqtt-host",
    variable: "MQTT_HOST",
    value: "ADDRESS",
    fallback: "127.0.0.1",
    says: "address the embedded broker listens on",
    read: text(255),
  }),
  mqttAnonymous: optional({
    flag: "mqtt-anonymous",
    variable: "MQTT_ANONYMOUS",
    value: "yes|no",
    says: "let devices without a credential into the embedded broker (default: only beside the simulated farm, on this machine)",
    read: yesNo,
  }),
  mqttRate: setting({
    flag: "mqtt-rate",
    variable: "MQTT_RATE",
    value: "N",
    fallback: 1_000,
    says: "messages a second of one device at the embedded broker; who sends more waits",
    read: whole(1, 1_000_000),
  }),
  mqttTlsPort: optional({
    flag: "mqtt-tls-port",
    variable: "MQTT_TLS_PORT",
    value: "N",
    says: "port of the embedded broker with TLS; needs TLS_CERT and TLS_KEY",
    read: port,
  }),
  mqttClientCa: optional({
    flag: "mqtt-client-ca",
    variable: "MQTT_CLIENT_CA",
    value: "FILE",
    says: "certificates (PEM) that vouch for devices: a client certificate's common name is then the device's",
    read: text(1_000),
  }),
  tlsCert: optional({
    flag: "tls-cert",
    variable: "TLS_CERT",
    value: "FILE",
    says: "certificate (PEM): the dashboard then speaks https",
    read: text(1_000),
  }),
  tlsKey: optional({ flag: "tls-key", variable: "TLS_KEY", value: "FILE", says: "its private key (PEM)", read: text(1_000) }),
  mqttUrl: optional({
    flag: "mqtt-url",
    variable: "MQTT_URL",
    value: "URL",
    says: "an outside broker instead (Mosquitto, EMQX): mqtt://host:1883",
    read: url("mqtt", "mqtts"),
    secret: true,
  }),
  mqttTopics: setting({
    flag: "mqtt-topics",
    variable: "MQTT_TOPICS",
    value: "FILTERS",
    fallback: "#",
    says: "what is heard of an outside broker; commas between several that do not overlap",
    read: text(1_000),
  }),
  energyFile: optional({
    flag: "energy-file",
    variable: "ENERGY_FILE",
    value: "FILE",
    says: "JSON of what no meter tells: sources by the hour, price, the grid's carbon, powers of rigs and models",
    read: text(1_000),
  }),
  carbonFeed: optional({
    flag: "carbon-feed",
    variable: "CARBON_FEED",
    value: "FILE",
    says: "CSV of times and gCO2e/kWh of the grid; read again when it changes",
    read: text(1_000),
  }),
  hassDiscovery: setting({
    flag: "ha-discovery",
    variable: "HA_DISCOVERY",
    value: "LEVEL",
    fallback: "off" as HassLevel,
    says: "what Home Assistant finds at the broker: off, site (with its racks), rigs (these too), or clear (takes back what was there)",
    read: hassLevel,
  }),
  mqttShare: optional({
    flag: "mqtt-share",
    variable: "MQTT_SHARE",
    value: "NAME",
    says: "share the outside broker's messages with other servers of this name",
    read: name,
  }),
  mqttClient: optional({
    flag: "mqtt-client",
    variable: "MQTT_CLIENT",
    value: "ID",
    says: "client id at the outside broker (default rigtwin-SITE); one of its own for each server",
    read: name,
  }),
  influxUrl: optional({
    flag: "influx-url",
    variable: "INFLUX_URL",
    value: "URL",
    says: "InfluxDB instead of the embedded store: http://user:password@host:8086/database",
    read: url("http", "https"),
    secret: true,
  }),
  rpcUrl: optional({
    flag: "rpc-url",
    variable: "RPC_URL",
    value: "URL",
    says: "an EVM chain's JSON-RPC instead of the local chain",
    read: url("http", "https"),
    secret: true,
  }),
  rpcPort: setting({ flag: "rpc-port", variable: "RPC_PORT", value: "N", fallback: 8545, says: "port of the local chain", read: port }),
  chainKey: optional({
    flag: "chain-key",
    variable: "CHAIN_KEY",
    value: "0x…",
    says: "private key that pays and signs on an outside chain",
    read: key,
    secret: true,
  }),
  contract: optional({
    flag: "contract",
    variable: "CONTRACT",
    value: "0x…",
    says: "address of a RigTwin that is already deployed there (default: deploys one)",
    read: address,
  }),
  siteZone: optional({
    flag: "site-zone",
    variable: "SITE_ZONE",
    value: "ZONE",
    says: "time zone of the site, like Europe/Vienna, in which the dashboard shows times (default: the reader's)",
    read: zone,
  }),
  siteDegrees: optional({
    flag: "site-degrees",
    variable: "SITE_DEGREES",
    value: "C|F",
    says: "what the dashboard shows temperatures in (default: C); files and the API have °C",
    read: degrees,
  }),
  publicUrl: optional({
    flag: "public-url",
    variable: "PUBLIC_URL",
    value: "URL",
    says: "address at which strangers reach this dashboard; tokens link to it",
    read: url("http", "https"),
  }),
  finalDepth: setting({
    flag: "final-depth",
    variable: "FINAL_DEPTH",
    value: "N",
    fallback: 1,
    says: "blocks on top of a record's block before it is called final",
    read: whole(0, 1_000),
  }),
  recordGather: optional({
    flag: "record-gather",
    variable: "RECORD_GATHER_MIN",
    value: "MINUTES",
    says: "a sealed record waits for others at most this long before it is sent to the chain (default: 0 on the local chain, else 720)",
    read: whole(0, 10_080),
  }),
  anchorGrace: setting({
    flag: "anchor-grace",
    variable: "ANCHOR_GRACE_MIN",
    value: "MINUTES",
    fallback: 15,
    says: "between midnight UTC and the sealing of the day; what comes later is a correction",
    read: whole(0, 1_440),
  }),
  journalDays: setting({
    flag: "journal-days",
    variable: "JOURNAL_DAYS",
    value: "DAYS",
    fallback: 365,
    says: "messages are kept in the journal; records and sealed days stay for good",
    read: whole(2, 36_500),
  }),
  journalGb: optional({
    flag: "journal-gb",
    variable: "JOURNAL_GB",
    value: "GB",
    says: "the journal's messages take at most this; the oldest go first, but none of a day that is not sealed or that the series store lacks",
    read: whole(1, 1_000_000),
  }),
  gatewayKeys: setting({
    flag: "gateway-keys",
    variable: "GATEWAY_KEYS",
    value: "NAME:KEY,…",
    fallback: "",
    says: "Ed25519 public keys (64 hex digits) of gateways that sign; one that was given stays in the journal",
    read: gatewayKeys,
  }),
  technicians: setting({
    flag: "technicians",
    variable: "TECHNICIANS",
    value: "BADGE:0x…,…",
    fallback: "",
    says: "keys whose signatures are a technician's; the role is given on the chain, and taken back over the API only",
    read: technicians,
  }),
  password: optional({
    flag: "password",
    variable: "PASSWORD",
    value: "TEXT",
    says: "of the person called admin (default: a new one, printed at the first start only)",
    read: text(200),
    secret: true,
  }),
  localRole: optional({
    flag: "local-role",
    variable: "LOCAL_ROLE",
    value: "ROLE",
    says: "what a caller on this machine may do without logging in: none, or a role (default: admin on a simulated farm, else none)",
    read: role,
  }),
  allowedHosts: setting({
    flag: "allowed-hosts",
    variable: "ALLOWED_HOSTS",
    value: "A,B",
    fallback: "",
    says: "further host names under which the dashboard may be called",
    read: text(1_000),
  }),
  notifyAllow: setting({
    flag: "notify-allow",
    variable: "NOTIFY_ALLOW",
    value: "A,B",
    fallback: "",
    says: "private addresses, networks (10.0.0.0/8) and names that notifications may go to; public ones need no leave",
    read: text(2_000),
  }),
  simulate: setting({
    flag: "simulate",
    variable: "SIMULATE",
    value: "yes|no",
    fallback: true,
    says: "run the simulated farm",
    read: yesNo,
  }),
} as const;

export type Config = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

/** The table of settings, one a line, as `--help` prints it. */
export const helpText = (): string => {
  const rows = Object.values(SETTINGS).map(({ flag, variable, value, fallback, says }) => {
    const shown = fallback === null || fallback === "" ? "" : ` [${fallback === true ? "yes" : String(fallback)}]`;
    return [`  --${flag} ${value}`, variable, `${says}${shown}`] as const;
  });
  const wide = [0, 1].map((i) => Math.max(...rows.map((row) => row[i as 0 | 1].length)));
  const lines = rows.map((row) => `${row[0].padEnd(wide[0] ?? 0)}  ${row[1].padEnd(wide[1] ?? 0)}  ${row[2]}`);
  return [
    "Usage: npm start -- [--flag value …]",
    "",
    "A flag outranks its variable, a variable outranks the default in brackets.",
    "",
    ...lines,
    `  --help`,
  ].join("\n");
};

/**
 * Reads flags (`--name value` or `--name=value`) and variables. Gives the frozen settings with dataDir absolute.
 * Throws Refused CONFIG_INVALID with every fault in it.
 */
export const readConfig = (argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Config => {
  const faults: string[] = [];
  const flags = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(argv[i] ?? "");
    const known = Object.values(SETTINGS).some(({ flag }) => flag === match?.[1]);
    if (match === null || !known) {
      faults.push(`${argv[i]} is not a flag of this program (--help lists them)`);
      continue;
    }
    const given = match[2] ?? argv[++i];
    if (given === undefined) faults.push(`--${match[1]} needs a value`);
    else flags.set(match[1] ?? "", given);
  }
  const config: Record<string, unknown> = {};
  for (const [field, { flag, variable, fallback, read }] of Object.entries(SETTINGS as Record<string, Setting<unknown>>)) {
    const fromEnv = env[variable];
    const given = flags.get(flag) ?? (fromEnv === undefined || fromEnv === "" ? undefined : fromEnv);
    const value = given === undefined ? fallback : read(given);
    if (value instanceof Wrong) faults.push(`${flags.has(flag) ? `--${flag}` : variable} ${value.says}`);
    config[field] = value;
  }
  if (config.rpcUrl !== null && config.chainKey === null)
    faults.push("RPC_URL needs CHAIN_KEY: the local chain's keys are never used on another chain");
  const isReal = config.simulate === false;
  const weak = typeof config.password === "string" && isReal ? weakness(config.password) : null;
  if (env["PASSWORD"] === "" && isReal) faults.push("PASSWORD is empty: leave it out to get a new one, or give one");
  if (weak !== null) faults.push(`PASSWORD ${weak}`);
  if (isReal) {
    for (const [variable, address] of Object.entries({ MQTT_URL: config.mqttUrl, INFLUX_URL: config.influxUrl }))
      if (typeof address === "string" && new URL(address).username !== "" && isKnown(decodeURIComponent(new URL(address).password)))
        faults.push(`${variable} has no password for its user, or one that everybody tries first`);
    if (typeof config.chainKey === "string" && isKnownKey(config.chainKey as `0x${string}`))
      faults.push("CHAIN_KEY is one that everybody has: whatever lies in its account is taken within seconds");
  }
  if ((config.tlsCert === null) !== (config.tlsKey === null)) faults.push("TLS_CERT and TLS_KEY go together");
  if (config.mqttTlsPort !== null && config.tlsCert === null) faults.push("MQTT_TLS_PORT needs TLS_CERT and TLS_KEY");
  if (config.mqttClientCa !== null && config.mqttTlsPort === null) faults.push("MQTT_CLIENT_CA needs MQTT_TLS_PORT");
  if (isReal && config.mqttAnonymous === true && !/^(localhost|127\.|::1$)/.test(String(config.mqttHost)))
    faults.push(
      "MQTT_ANONYMOUS=yes would let everybody in the network speak for every rig: give devices credentials, or keep MQTT_HOST on this machine",
    );
  if (faults.length > 0) throw new Refused("CONFIG_INVALID", faults.join("\n"));
  config.dataDir = resolve(String(config.dataDir));
  return Object.freeze(config) as Config;
};
