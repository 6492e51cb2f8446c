/** The server under attack: built, with real rigs only, two devices, a person of each role, and what an attacker has in hand. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { connect, type IClientOptions, type MqttClient } from "mqtt";

const ROOT = resolve(import.meta.dirname, "../..").replace(/\/build$/, "");
const READY_MS = 60_000;
export const SITE = "fort";
export const ROLES = ["operator", "technician", "investor", "engineer"] as const;
export type Caller = "admin" | (typeof ROLES)[number] | "nobody";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}
export type Stage = Awaited<ReturnType<typeof openStage>>;

/** Bytes to a port and all that comes back until the other end closes or `ms` pass. */
export const raw = (port: number, bytes: string | Uint8Array, ms = 3_000): Promise<{ text: string; closed: boolean }> =>
  new Promise((done) => {
    let text = "";
    const socket = connectTcp(port, "127.0.0.1", () => socket.write(bytes));
    const end = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      done({ text, closed });
    };
    const timer = setTimeout(() => end(false), ms);
    socket.on("data", (piece) => void (text += piece.toString("latin1")));
    socket.on("error", () => end(true));
    socket.on("close", () => end(true));
  });

const addressesOf = (child: ChildProcess): Promise<{ url: string; mqtt: string }> =>
  new Promise((done, fail) => {
    let out = "";
    const timer = setTimeout(() => fail(new Error(`the server is not ready:\n${out}`)), READY_MS);
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (piece: Buffer) => {
        out += piece.toString();
        if (!out.includes("Stop with Ctrl-C")) return;
        clearTimeout(timer);
        done({ url: /Dashboard\s+(\S+)/.exec(out)?.[1] ?? "", mqtt: /MQTT\s+(\S+)/.exec(out)?.[1] ?? "" });
      });
    child.once("exit", (code) => fail(new Error(`the server ended with ${code}:\n${out}`)));
  });

/** What a person's program calls itself here: as personal as an address. */
export const AGENT = "a-program-of-somebody/7.1";
/** What is longer is an attack by its size. */
const MOST_READ = 100_000;
const SECRET_FIELDS = /"(?:password|old|fresh|secret|signature|uri)":"((?:[^"\\]|\\.){8,})"/g;
const secretsIn = (text: unknown): string[] =>
  typeof text !== "string" || text.length > MOST_READ
    ? []
    : [...text.matchAll(SECRET_FIELDS)].flatMap(([, secret]) => (secret === undefined ? [] : [secret]));
const cookiesIn = (headers: Headers): string[] =>
  [...(headers.get("set-cookie") ?? "").matchAll(/rigtwin_session=([^;]{8,})/g)].flatMap(([, secret]) =>
    secret === undefined ? [] : [secret],
  );

/** Starts everything; `close` ends it and deletes its folder. */
export const openStage = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "rigtwin-security-"));
  const password = randomBytes(12).toString("base64url");
  const flags = { port: 0, "mqtt-port": 0, "rpc-port": 0, "data-dir": dataDir, site: SITE };
  const child = spawn(
    process.execPath,
    [join(ROOT, "build/server/main.js"), ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, SIMULATE: "no", PASSWORD: password } },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => void (output += piece.toString()));
  const { url, mqtt } = await addressesOf(child);
  const used = new Set<string>([password]);
  const cookies = new Map<Caller, string>();

  const ask = async (who: Caller, path: string, how: RequestInit = {}): Promise<Answer> => {
    const headers = new Headers(how.headers);
    const cookie = cookies.get(who);
    if (cookie !== undefined && !headers.has("cookie")) headers.set("cookie", cookie);
    if (!headers.has("user-agent")) headers.set("user-agent", AGENT);
    const answer = await fetch(`${url}${path}`, { redirect: "manual", signal: AbortSignal.timeout(20_000), ...how, headers });
    const text = await answer.text();
    for (const secret of [...secretsIn(how.body), ...secretsIn(text), ...cookiesIn(answer.headers)]) used.add(secret);
    return { status: answer.status, text, headers: answer.headers };
  };
  const send = (who: Caller, path: string, body: unknown, headers: Record<string, string> = {}, method = "POST"): Promise<Answer> =>
    ask(who, path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const login = async (name: string, secret: string): Promise<string> => {
    const answer = await send("nobody", "/api/v1/login", { name, password: secret });
    if (answer.status !== 204) throw new Error(`${name} cannot log in: ${answer.text}`);
    return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  };
  cookies.set("admin", await login("admin", password));
  const secrets: Record<string, string> = {};
  for (const role of ROLES) {
    secrets[role] = randomBytes(12).toString("base64url");
    const made = await send("admin", "/api/v1/people", { name: `the-${role}`, role, password: secrets[role] });
    if (made.status !== 201) throw new Error(`no ${role}: ${made.text}`);
    cookies.set(role, await login(`the-${role}`, secrets[role]));
  }
  const devices: Record<string, string> = {};
  for (const name of ["dev-a", "dev-b"]) {
    const made = await send("admin", "/api/v1/devices", { name, topics: [] });
    if (made.status !== 201) throw new Error(`no device ${name}: ${made.text}`);
    devices[name] = (JSON.parse(made.text) as { password: string }).password;
  }

  const clients: MqttClient[] = [];
  /** Resolves connected, or rejects with why not. */
  const device = (name: string, options: IClientOptions = {}): Promise<MqttClient> =>
    new Promise((done, fail) => {
      const client = connect(mqtt.replace(/\/\/[^@/]*@/, "//"), {
        username: name,
        password: devices[name] ?? "",
        protocolVersion: 4,
        reconnectPeriod: 0,
        connectTimeout: 5_000,
        ...options,
      });
      clients.push(client);
      client.once("connect", () => done(client));
      client.once("error", fail);
      client.once("close", () => fail(new Error("closed")));
    });

  return {
    url,
    port: Number(new URL(url).port),
    mqttPort: Number(new URL(mqtt).port),
    ask,
    send,
    login,
    device,
    devices,
    secrets,
    dataDir,
    /** All that the server printed since its start. */
    output: (): string => output,
    /** All that opened a door so far: passwords, codes, tokens, sessions. */
    used: (): readonly string[] => [...used],
    cookieOf: (who: Caller): string => cookies.get(who) ?? "",
    alive: (): boolean => child.exitCode === null && child.signalCode === null,
    async close(): Promise<void> {
      for (const client of clients) client.end(true);
      child.removeAllListeners("exit");
      const gone = new Promise<void>((done) => child.once("exit", () => done()));
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await gone;
      clearTimeout(timer);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

/** A named attack; gives how it succeeded, null where it failed. */
export interface Attack {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<string | null>;
}
export const attack = (name: string, run: Attack["run"]): Attack => ({ name, run });
