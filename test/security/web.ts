/** Attacks over HTTP and the live feed, by strangers, other sites, and people of lower roles. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Secret, TOTP } from "otpauth";
import { io, type Socket } from "socket.io-client";
import { AGENT, attack, raw, ROLES, SITE, type Attack, type Caller, type Stage } from "./stage.ts";

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
/** The server refused: neither did it as asked, nor did it break. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500;
const refused = (name: string, ask: (stage: Stage) => Promise<{ status: number; text: string }>): Attack =>
  attack(name, async (stage) => {
    const { status, text } = await ask(stage);
    return isRefusal(status) ? null : `it was answered with ${status}: ${text.slice(0, 120)}`;
  });
const denied = (name: string, who: Caller, method: string, path: string, body?: unknown): Attack =>
  refused(name, ({ ask, send }) => (body === undefined ? ask(who, path, { method }) : send(who, path, body, {}, method)));

interface Line {
  readonly socket: Socket;
  readonly frames: () => number;
  readonly isOpen: () => boolean;
}
/** A live page with these headers; resolves when it is in or was turned away. */
const live = ({ url }: Stage, headers: Record<string, string>): Promise<Line> =>
  new Promise((done) => {
    const socket = io(url, { transports: ["websocket"], reconnection: false, extraHeaders: headers, timeout: 5_000 });
    let frames = 0;
    socket.on("snapshot", () => void (frames += 1));
    socket.on("frame", () => void (frames += 1));
    const line = { socket, frames: () => frames, isOpen: () => socket.connected };
    socket.once("connect", () => {
      socket.emit("watch", { view: "live" });
      done(line);
    });
    socket.once("connect_error", () => done(line));
  });
const staysOut = (name: string, headersOf: (stage: Stage) => Record<string, string>): Attack =>
  attack(name, async (stage) => {
    const line = await live(stage, headersOf(stage));
    await wait(500);
    const { frames, isOpen } = line;
    const saw = isOpen() || frames() > 0;
    line.socket.close();
    return saw ? "it watches the farm" : null;
  });
/** A live page that was in goes dark once `revoke` was done. */
const goesDark = (
  name: string,
  enter: (stage: Stage) => Promise<{ headers: Record<string, string>; revoke: () => Promise<unknown> }>,
): Attack =>
  attack(name, async (stage) => {
    const { headers, revoke } = await enter(stage);
    const line = await live(stage, headers);
    if (!line.isOpen()) return "it was never in: the attack proves nothing";
    await revoke();
    for (let tries = 0; tries < 100 && line.isOpen(); tries++) await wait(100);
    const open = line.isOpen();
    line.socket.close();
    return open ? "it still watches after 10 s" : null;
  });

const RANGE = "from=1700000000000&to=1700003600000";
const INJECTIONS = [
  `rig-1'; DROP MEASUREMENT rig; --`,
  `rig-1" OR "a"='a`,
  `rig-1\\' OR 1=1 --`,
  `rig-1'/**/UNION/**/SELECT/**/*/**/FROM/**/people`,
  `$rig); DELETE FROM series`,
];
const PATHS = [
  "/../../../../etc/passwd",
  "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
  "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
  "/..%5c..%5c..%5cetc%5cpasswd",
  "/assets/....//....//etc/passwd",
  "/%00/etc/passwd",
  "/data/people.db",
];
const token = async ({ send }: Stage, who: Caller, scopes: readonly string[]): Promise<{ id: string; secret: string }> =>
  JSON.parse((await send(who, "/api/v1/me/tokens", { name: "t", scopes, days: 1 })).text) as { id: string; secret: string };

/** Uses each kind of secret once more, rightly and wrongly. */
const exercise = async (stage: Stage): Promise<void> => {
  const { send, ask, login } = stage;
  const [name, first, second] = ["all-of-it", "first words of mine", "second words of mine"];
  await send("admin", "/api/v1/people", { name, role: "technician", password: first });
  const cookie = await login(name, first);
  const { secret } = JSON.parse((await send("nobody", "/api/v1/me/totp", {}, { cookie })).text) as { secret: string };
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  await send("nobody", "/api/v1/me/totp", { code }, { cookie }, "PATCH");
  await send("nobody", "/api/v1/login", { name, password: "wrong words of mine" });
  const made = JSON.parse((await send("nobody", "/api/v1/me/tokens", { name: "t", scopes: ["read"], days: 1 }, { cookie })).text) as {
    secret: string;
  };
  await ask("nobody", "/api/v1/rigs", { headers: { authorization: `Bearer ${made.secret}` } });
  await ask("nobody", "/api/v1/rigs", { headers: { authorization: "Bearer rtw_a-wrong-token-of-somebody" } });
  await ask("nobody", `/api/v1/rigs?password=${first}&token=${made.secret}`);
  await send("nobody", "/api/v1/me/password", { old: first, fresh: second }, { cookie });
  await send("nobody", "/api/v1/login", `{"name":"${name}","password":"${second}"`);
  const device = await stage.device("dev-a", { clientId: "all-of-it" });
  const reading = { v: 1, ts: Date.now(), seq: 1, boot: "all-of-it", m: { mode: "mining", hashrateThs: 100, powerW: 3_000 } };
  await new Promise<void>((done) =>
    device.publish(`rigtwin/v1/${SITE}/dev-a/telemetry`, JSON.stringify(reading), { qos: 1 }, () => done()),
  );
  device.end(true);
  await send("admin", "/api/v1/devices", { name: "all-of-it", topics: [] });
  await send("admin", "/api/v1/devices/all-of-it", {});
};

export const WEB: readonly Attack[] = [
  attack("(the stage works: an operator reads the farm)", async ({ ask }) =>
    (await ask("operator", "/api/v1/site")).status === 200 ? null : "no",
  ),
  denied("a stranger reads the farm", "nobody", "GET", "/api/v1/rigs"),
  denied("a stranger reads the status", "nobody", "GET", "/api/v1/status"),
  denied("a stranger reads the metrics", "nobody", "GET", "/metrics"),
  denied("a stranger exports everything", "nobody", "GET", `/api/v1/export?${RANGE}`),
  denied("a stranger asks the local chain", "nobody", "POST", "/api/v1/rpc", { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
  denied("an investor reads the farm", "investor", "GET", "/api/v1/site"),
  ...ROLES.map((role) =>
    denied(`the ${role} lets somebody in`, role, "POST", "/api/v1/people", { name: "x", role: "admin", password: "long enough words" }),
  ),
  denied("an operator makes themself admin", "operator", "PATCH", "/api/v1/people/2", { role: "admin" }),
  denied("a technician gives a device a credential", "technician", "POST", "/api/v1/devices", { name: "x", topics: [] }),
  denied("an engineer reads the audit", "engineer", "GET", "/api/v1/audit"),
  denied("an engineer writes a record", "engineer", "POST", "/api/v1/rigs/dev-a/records", { kind: "cleaning" }),
  refused("one person ends another's session", async ({ ask }) => {
    const { sessions } = JSON.parse((await ask("admin", "/api/v1/me/sessions")).text) as { sessions: { id: string }[] };
    return ask("operator", `/api/v1/me/sessions/${sessions[0]?.id ?? ""}`, { method: "DELETE" });
  }),
  refused("a token of scope metrics reads the farm", async (stage) => {
    const { secret } = await token(stage, "operator", ["metrics"]);
    return stage.ask("nobody", "/api/v1/site", { headers: { authorization: `Bearer ${secret}` } });
  }),
  refused("a token of scope read writes", async (stage) => {
    const { secret } = await token(stage, "admin", ["read"]);
    return stage.send("nobody", "/api/v1/devices", { name: "x", topics: [] }, { authorization: `Bearer ${secret}` });
  }),
  refused("an ended token goes on", async (stage) => {
    const { id, secret } = await token(stage, "operator", ["read"]);
    await stage.ask("operator", `/api/v1/me/tokens/${id}`, { method: "DELETE" });
    return stage.ask("nobody", "/api/v1/site", { headers: { authorization: `Bearer ${secret}` } });
  }),
  refused("a session goes on after log-out", async ({ ask, login, secrets }) => {
    const cookie = await login("the-operator", secrets["operator"] ?? "");
    await ask("nobody", "/api/v1/login", { method: "DELETE", headers: { cookie } });
    return ask("nobody", "/api/v1/site", { headers: { cookie } });
  }),
  staysOut("a stranger joins the live feed", () => ({})),
  staysOut("an investor joins the operators' live feed", ({ cookieOf }) => ({ cookie: cookieOf("investor") })),
  staysOut("another site joins with a visitor's cookie", ({ cookieOf }) => ({
    cookie: cookieOf("operator"),
    origin: "https://evil.example",
  })),
  staysOut("DNS rebinding on the live feed", ({ cookieOf }) => ({ cookie: cookieOf("operator"), host: "evil.example" })),
  goesDark("a live page goes on after its token ended", async (stage) => {
    const { id, secret } = await token(stage, "operator", ["read"]);
    return {
      headers: { authorization: `Bearer ${secret}` },
      revoke: () => stage.ask("operator", `/api/v1/me/tokens/${id}`, { method: "DELETE" }),
    };
  }),
  goesDark("a live page goes on after its owner ended the session elsewhere", async (stage) => {
    const cookie = await stage.login("the-engineer", stage.secrets["engineer"] ?? "");
    return {
      headers: { cookie },
      revoke: async () => {
        const { sessions } = JSON.parse((await stage.ask("nobody", "/api/v1/me/sessions", { headers: { cookie } })).text) as {
          sessions: { id: string; current: boolean }[];
        };
        const own = sessions.find(({ current }) => current)?.id ?? "";
        await stage.ask("engineer", `/api/v1/me/sessions/${own}`, { method: "DELETE" });
      },
    };
  }),
  goesDark("a live page goes on after the password was changed elsewhere", async (stage) => {
    const [name, old] = ["changes-it", "ten letters or more"];
    await stage.send("admin", "/api/v1/people", { name, role: "operator", password: old });
    const elsewhere = await stage.login(name, old);
    return {
      headers: { cookie: await stage.login(name, old) },
      revoke: () => stage.send("nobody", "/api/v1/me/password", { old, fresh: "other letters altogether" }, { cookie: elsewhere }),
    };
  }),
  goesDark("a live page goes on after its person was shut out", async (stage) => {
    const made = await stage.send("admin", "/api/v1/people", { name: "short-lived", role: "operator", password: "ten letters or more" });
    const { id } = JSON.parse(made.text) as { id: number };
    return {
      headers: { cookie: await stage.login("short-lived", "ten letters or more") },
      revoke: () => stage.send("admin", `/api/v1/people/${id}`, { disabled: true }, {}, "PATCH"),
    };
  }),
  goesDark("a live page goes on after its role was lowered", async (stage) => {
    const made = await stage.send("admin", "/api/v1/people", { name: "lowered", role: "operator", password: "ten letters or more" });
    const { id } = JSON.parse(made.text) as { id: number };
    return {
      headers: { cookie: await stage.login("lowered", "ten letters or more") },
      revoke: () => stage.send("admin", `/api/v1/people/${id}`, { role: "investor" }, {}, "PATCH"),
    };
  }),
  ...INJECTIONS.map((text) =>
    refused(`injection into a series query: ${text}`, ({ ask }) =>
      ask("operator", `/api/v1/rigs/${encodeURIComponent(text)}/series?${RANGE}`),
    ),
  ),
  refused("injection through a metric's name", ({ ask }) =>
    ask("operator", `/api/v1/rigs/dev-a/series?${RANGE}&metrics=${encodeURIComponent("hashrate_ths FROM rig; DROP SERIES FROM rig")}`),
  ),
  refused("a newline in a rig's name", ({ ask }) => ask("operator", "/api/v1/rigs/dev-a%0d%0aSet-Cookie:%20x=1")),
  refused("a newline in a person's name", ({ send }) =>
    send("admin", "/api/v1/people", { name: "a\r\nb", role: "operator", password: "ten letters or more" }),
  ),
  refused("NaN as a time", ({ ask }) => ask("operator", "/api/v1/rigs/dev-a/series?from=NaN&to=NaN")),
  refused("a range of ten thousand years", ({ ask }) => ask("operator", "/api/v1/rigs/dev-a/series?from=0&to=315532800000000")),
  refused("type flip: a password becomes an object", ({ send }) =>
    send("nobody", "/api/v1/login", { name: "admin", password: { $ne: null } }),
  ),
  refused("type flip: a name becomes a list", ({ send }) => send("nobody", "/api/v1/login", { name: ["admin"], password: "x" })),
  ...PATHS.map((path) =>
    attack(`path traversal: ${path}`, async ({ port }) => {
      const { text } = await raw(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      return /root:.*:0:0:|SQLite format/.test(text) ? "it gave a file of the machine" : null;
    }),
  ),
  attack("prototype pollution in a body", async ({ send, ask }) => {
    await send(
      "nobody",
      "/api/v1/login",
      '{"name":"admin","password":"x","__proto__":{"role":"admin"},"constructor":{"prototype":{"role":"admin"}}}',
    );
    const me = JSON.parse((await ask("nobody", "/api/v1/me")).text) as { role: string };
    return me.role === "public" ? null : `a stranger is ${me.role}`;
  }),
  refused("a body of 10 MB", ({ send }) =>
    send("nobody", "/api/v1/login", JSON.stringify({ name: "admin", password: "x".repeat(10_000_000) })),
  ),
  refused("a gzip bomb", ({ ask }) =>
    // Inflated it is a request like any other, with fifty million blanks in it.
    ask("admin", "/api/v1/devices", {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync(`{"name":"bomb",${" ".repeat(50_000_000)}"topics":[]}`),
    }),
  ),
  refused("a body as a form of another site can send it", ({ ask, cookieOf }) =>
    ask("nobody", "/api/v1/devices", {
      method: "POST",
      headers: { "content-type": "text/plain", cookie: cookieOf("admin") },
      body: '{"name":"x"}',
    }),
  ),
  refused("CSRF: another site's page writes with an admin's cookie", ({ send }) =>
    send("admin", "/api/v1/devices", { name: "csrf", topics: [] }, { origin: "https://evil.example" }),
  ),
  refused("CSRF: a sandboxed page without an origin", ({ send }) =>
    send("admin", "/api/v1/devices", { name: "csrf", topics: [] }, { origin: "null" }),
  ),
  refused("CSRF: another site logs a visitor in as somebody else", ({ send, secrets }) =>
    send("nobody", "/api/v1/login", { name: "the-operator", password: secrets["operator"] }, { origin: "https://evil.example" }),
  ),
  refused("CSRF: another site logs a visitor out", ({ ask, cookieOf }) =>
    ask("nobody", "/api/v1/login", { method: "DELETE", headers: { cookie: cookieOf("operator"), origin: "https://evil.example" } }),
  ),
  refused("CSRF: a form of another site", ({ ask, cookieOf }) =>
    ask("nobody", "/api/v1/people", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", cookie: cookieOf("admin") },
      body: "name=x&role=admin&password=ten+letters+or+more",
    }),
  ),
  attack("the session's cookie can be read by a script or sent by another site", async ({ send, secrets }) => {
    const cookie =
      (await send("nobody", "/api/v1/login", { name: "the-operator", password: secrets["operator"] })).headers.get("set-cookie") ?? "";
    return /HttpOnly/.test(cookie) && /SameSite=Strict/.test(cookie) ? null : cookie.replace(/=[^;]*/, "=…");
  }),
  attack("DNS rebinding: another name's page reads the API", async ({ port, cookieOf }) => {
    const { text } = await raw(
      port,
      `GET /api/v1/site HTTP/1.1\r\nHost: evil.example\r\nCookie: ${cookieOf("admin")}\r\nConnection: close\r\n\r\n`,
    );
    return text.startsWith("HTTP/1.1 403") ? null : text.slice(0, 60);
  }),
  attack("open redirect", async ({ ask }) => {
    for (const path of ["//evil.example", "/%2f%2fevil.example", "/login?next=https://evil.example", "/\\evil.example"]) {
      const where = (await ask("nobody", path)).headers.get("location");
      if (where !== null && /evil/.test(where)) return `${path} leads to ${where}`;
    }
    return null;
  }),
  attack("a page is framed, sniffed or runs a foreign script", async ({ ask }) => {
    const { headers } = await ask("nobody", "/");
    const csp = headers.get("content-security-policy") ?? "";
    const strict = csp.includes("script-src 'self'") && csp.includes("frame-ancestors 'none'") && !/script-src[^;]*unsafe/.test(csp);
    return strict && headers.get("x-content-type-options") === "nosniff" ? null : csp;
  }),
  attack("a script in an error's text is run", async ({ ask }) => {
    const { headers, text } = await ask("operator", "/api/v1/rigs/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    return (headers.get("content-type") ?? "").includes("html") && text.includes("<script>alert") ? "it came back as HTML" : null;
  }),
  refused("SSRF: the chain's relay is asked for a method that writes", ({ send }) =>
    send("operator", "/api/v1/rpc", { jsonrpc: "2.0", id: 1, method: "eth_sendRawTransaction", params: ["0x00"] }).then((answer) =>
      answer.status === 200 && answer.text.includes('"error"') ? { ...answer, status: 403 } : answer,
    ),
  ),
  attack("SSRF: a photo's address leads elsewhere", async ({ ask }) => {
    const { status } = await ask("operator", `/api/v1/photos/${encodeURIComponent("http://169.254.169.254/latest/meta-data")}`);
    return isRefusal(status) ? null : `answered with ${status}`;
  }),
  attack("X-Forwarded-For passes for this machine", async ({ ask }) =>
    (await ask("nobody", "/api/v1/site", { headers: { "x-forwarded-for": "127.0.0.1" } })).status === 401 ? null : "it was let in",
  ),
  attack("request smuggling: two lengths", async ({ port }) => {
    const { text } = await raw(
      port,
      "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/site HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    return text.startsWith("HTTP/1.1 400") ? null : text.slice(0, 60);
  }),
  attack("slow-loris: heads, bodies and MQTT connections that never end", async ({ port, mqttPort, ask }) => {
    const slow = (to: number, bytes: string): Promise<{ closed: boolean }>[] => Array.from({ length: 50 }, () => raw(to, bytes, 45_000));
    const body = "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    const lines = {
      heads: slow(port, "GET / HTTP/1.1\r\nX-Slow: "),
      bodies: slow(port, body),
      connects: slow(mqttPort, "\x10"),
      silence: slow(mqttPort, ""),
    };
    if ((await ask("nobody", "/api/v1/health")).status !== 200) return "others are not served meanwhile";
    for (const [what, all] of Object.entries(lines))
      if (!(await Promise.all(all)).every(({ closed }) => closed)) return `${what} are still open after 45 s`;
    return null;
  }),
  attack("a head of 100 kB", async ({ port }) => {
    const { text, closed } = await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"a".repeat(100_000)}\r\n\r\n`);
    return text.startsWith("HTTP/1.1 431") || (closed && text === "") ? null : text.slice(0, 60);
  }),
  attack("secrets in the audit or in lists of people and devices", async ({ ask, secrets, devices }) => {
    const all = await Promise.all(["/api/v1/audit/export", "/api/v1/people", "/api/v1/devices"].map((path) => ask("admin", path)));
    const found = [...Object.values(secrets), ...Object.values(devices)].filter((secret) => all.some(({ text }) => text.includes(secret)));
    return found.length === 0 && all.every(({ status }) => status === 200) ? null : "a secret can be read";
  }),
  attack("secrets or people's addresses in the log, the journal, the days or the chain", async (stage) => {
    await exercise(stage);
    const { used, output, dataDir } = stage;
    const secrets = used().filter((secret) => !/^https?:/.test(secret));
    if (secrets.length < 20) return `only ${secrets.length} secrets were used: the attack proves nothing`;
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const places = files.map(({ parentPath, name }) => ({
      name: join(parentPath, name).slice(dataDir.length + 1),
      text: readFileSync(join(parentPath, name)).toString("latin1"),
    }));
    if (!places.some(({ name, text }) => name.startsWith("journal") && text.includes("hashrateThs")))
      return "the journal cannot be read here: the attack proves nothing";
    if (!places.some(({ name, text }) => name.startsWith("people.db") && text.includes(AGENT)))
      return "the sessions cannot be read here: the attack proves nothing";
    const found: string[] = [];
    for (const { name, text } of [{ name: "the log", text: output() }, ...places]) {
      // A TOTP key is no hash (RFC 6238 needs it), and stands in the people's own file alone.
      const wanted = name.startsWith("people.db") ? secrets.filter((secret) => !/^[A-Z2-7]{32}$|^otpauth/.test(secret)) : secrets;
      for (const secret of wanted) if (text.includes(secret)) found.push(`${name} has ${secret.slice(0, 6)}…`);
      if (!name.startsWith("people.db") && text.includes(AGENT)) found.push(`${name} has what somebody's program calls itself`);
    }
    const noAddress = places.filter(({ name }) => /^(journal|days|chain|state|moments)/.test(name));
    for (const { name, text } of noAddress)
      if (/"address":"(127\.0\.0\.1|::1|::ffff:127)/.test(text)) found.push(`${name} has a network address of somebody`);
    return found.length === 0 ? null : [...new Set(found)].slice(0, 5).join("; ");
  }),
  // The last one: from then on this address waits.
  attack("guessing a password", async ({ send }) => {
    for (let tries = 0; tries < 40; tries++)
      if ((await send("nobody", "/api/v1/login", { name: "admin", password: `guess-${tries}` })).status === 429) return null;
    return "forty guesses were answered";
  }),
];
