/** Each channel against a real far end on this machine: HTTP servers that answer, hang, refuse and redirect, and an SMTP server. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createListener, type AddressInfo, type Server as Listener } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { SMTPServer } from "smtp-server";
import { readAllowed, type Allowed } from "../../../server/edge/notify/guard.ts";
import { createSender } from "../../../server/edge/notify/send.ts";
import type { Notice } from "../../../server/twin/notify/book.ts";
import { channel, type Channel, type Secrets } from "../../../server/twin/notify/shapes.ts";

const HERE = readAllowed("127.0.0.0/8,localhost") as Allowed;
const NOW = 1_764_000_000_000;

const notice: Notice = {
  id: "ops/farm/incident/rack/A-1/silence/1/opened",
  channel: "ops",
  event: "opened",
  severity: "critical",
  title: "Critical: Rack A-1 <@everyone> & co, 12 of 24 rigs",
  lines: ["Site farm, since 2026-11-24 10:00 UTC", "Rigs: r1, r2"],
  about: [{ incident: "farm/incident/rack/A-1/silence/1", isEnd: false }],
  queuedTs: NOW,
  state: "trying",
  stateTs: NOW,
  tries: 1,
  unknown: 0,
  nextTs: NOW,
  detail: "",
};

const open: (Server | Listener | SMTPServer)[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) {
    if ("closeAllConnections" in each) each.closeAllConnections();
    await new Promise<void>((done) => each.close(() => done()));
  }
});

interface Got {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
/** Keeps what came, and lets `answer` answer. */
const farEnd = async (answer: (response: ServerResponse, got: Got) => void): Promise<{ url: string; got: Got[] }> => {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => void (body += piece.toString()));
    request.on("end", () => {
      const one = { path: request.url ?? "", headers: request.headers, body };
      got.push(one);
      answer(response, one);
    });
  });
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
};
const sends = (told: object, secrets: Secrets, more: { allowed?: Allowed; timeoutMs?: number; publicUrl?: string } = {}) => {
  const of: Channel = channel.parse({ id: "ops", label: "Ops", ...told });
  const send = createSender({
    site: "farm",
    publicUrl: more.publicUrl ?? null,
    allowed: more.allowed ?? HERE,
    secrets: () => secrets,
    push: { keys: () => ({ publicKey: "", privateKey: "" }), devices: () => [], add: async () => undefined, drop: async () => undefined },
    now: () => NOW,
    timeoutMs: more.timeoutMs ?? 2_000,
  });
  return send(of, notice);
};
const ok = (response: ServerResponse): void => void response.end("ok");

describe("a webhook", () => {
  test("is signed so that its receiver can tell who sent it, when, and whether it came before", async () => {
    const { url, got } = await farEnd(ok);
    expect(await sends({ kind: "webhook" }, { url: `${url}/hook`, key: "a key" }, { publicUrl: "https://farm.example/" })).toEqual({
      outcome: "sent",
      detail: "HTTP 200 ok",
    });
    await sends({ kind: "webhook" }, { url, key: `whsec_${Buffer.from("a key").toString("base64")}` });
    const [first, second] = got as [Got, Got];
    const { "webhook-signature": signature } = first.headers;
    const [id, seconds] = [String(first.headers["webhook-id"]), String(first.headers["webhook-timestamp"])];
    expect(seconds).toBe("1764000000");
    expect(signature).toBe(`v1,${createHmac("sha256", "a key").update(`${id}.${seconds}.${first.body}`).digest("base64")}`);
    expect(second.headers["webhook-id"]).toBe(id);
    expect(second.headers["webhook-signature"]).toBe(
      `v1,${createHmac("sha256", "a key").update(`${id}.${seconds}.${second.body}`).digest("base64")}`,
    );
    expect(JSON.parse(first.body)).toMatchObject({
      type: "incident.opened",
      data: { severity: "critical", incidents: ["farm/incident/rack/A-1/silence/1"], link: "https://farm.example/alarms" },
    });
  });

  test("that takes it and never answers ends by the time limit; nobody knows whether it arrived", async () => {
    const { url } = await farEnd(() => undefined);
    expect(await sends({ kind: "webhook" }, { url }, { timeoutMs: 300 })).toEqual({
      outcome: "unknown",
      detail: `${new URL(url).host} did not answer within 0 s.`,
    });
  });

  test("that drips its answer for ever gives its status, which is an answer", async () => {
    const { url } = await farEnd((response) => {
      response.write("x".repeat(5_000));
    });
    expect((await sends({ kind: "webhook" }, { url }, { timeoutMs: 1_000 })).outcome).toBe("sent");
  });

  test.each([
    [500, "HTTP 500 out of order", "failed"],
    [401, "HTTP 401 out of order", "failed"],
  ] as const)("that answers %i did not take it", async (status, detail, outcome) => {
    const { url } = await farEnd((response) => response.writeHead(status).end("out of order"));
    expect(await sends({ kind: "webhook" }, { url })).toMatchObject({ outcome, detail });
  });

  test("that asks to be left alone says for how long", async () => {
    const { url } = await farEnd((response) => response.writeHead(429, { "retry-after": "90" }).end());
    expect(await sends({ kind: "webhook" }, { url })).toMatchObject({ outcome: "failed", afterS: 90 });
  });

  test("where nobody listens was not reached", async () => {
    const { url } = await farEnd(ok);
    await new Promise<void>((done) => open.pop()?.close(() => done()));
    expect(await sends({ kind: "webhook" }, { url })).toMatchObject({
      outcome: "failed",
      detail: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test.each(["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:1/inside", "https://[::1]/"])(
    "that redirects to %s is not followed",
    async (location) => {
      const { url, got } = await farEnd((response) => response.writeHead(302, { location }).end("go there"));
      expect(await sends({ kind: "webhook" }, { url })).toMatchObject({
        outcome: "failed",
        detail: `HTTP 302 redirects to ${location}; that is not followed`,
      });
      expect(got).toHaveLength(1);
    },
  );

  test("on this machine or in the LAN is not called without leave, whatever way it is written", async () => {
    const { url, got } = await farEnd(ok);
    const { port } = new URL(url);
    const none = readAllowed("") as Allowed;
    for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"])
      expect(await sends({ kind: "webhook" }, { url: `http://${host}:${port}/` }, { allowed: none })).toMatchObject({
        outcome: "failed",
        detail: expect.stringContaining("NOTIFY_ALLOW"),
      });
    expect(got).toEqual([]);
  });

  test("its secrets are not in what is told, even where the far end gives them back", async () => {
    const { url } = await farEnd((response, { path }) => response.writeHead(404).end(`no hook ${path} with hush-hush`));
    const { detail } = await sends({ kind: "webhook" }, { url: `${url}/T0/B1/verysecret?token=abcdef`, key: "hush-hush" });
    expect(detail).toContain("HTTP 404 no hook •••");
    expect(detail).not.toMatch(/verysecret|abcdef|hush/);
  });
});

describe("chat", () => {
  test("Slack gets text in which no name mentions anybody", async () => {
    const { url, got } = await farEnd(ok);
    expect((await sends({ kind: "slack" }, { url: `${url}/services/x` })).outcome).toBe("sent");
    expect(JSON.parse(got[0]?.body ?? "")).toMatchObject({
      text: "Critical: Rack A-1 &lt;@everyone&gt; &amp; co, 12 of 24 rigs\nSite farm, since 2026-11-24 10:00 UTC\nRigs: r1, r2",
    });
  });
  test("Discord gets content that mentions nobody", async () => {
    const { url, got } = await farEnd((response) => response.writeHead(204).end());
    expect((await sends({ kind: "discord" }, { url })).outcome).toBe("sent");
    expect(JSON.parse(got[0]?.body ?? "")).toMatchObject({
      allowed_mentions: { parse: [] },
      content: expect.stringContaining("12 of 24"),
    });
  });
  test("Telegram gets the chat and plain text; the token is in the path alone, and not in what is told", async () => {
    const { url, got } = await farEnd((response, { path }) =>
      response.writeHead(401).end(`{"ok":false,"description":"Unauthorized ${path}"}`),
    );
    const { outcome, detail } = await sends({ kind: "telegram", chat: "-100123", server: url }, { token: "1234:secrettoken" });
    expect(got[0]).toMatchObject({ path: "/bot1234:secrettoken/sendMessage" });
    expect(JSON.parse(got[0]?.body ?? "")).toMatchObject({ chat_id: "-100123", text: expect.stringContaining("Rack A-1") });
    expect([outcome, detail.includes("Unauthorized"), detail.includes("secrettoken")]).toEqual(["failed", true, false]);
  });
  test("what is not set is said to be not set", async () => {
    expect(await sends({ kind: "slack" }, {})).toEqual({ outcome: "failed", detail: "Its url is not set." });
  });
});

describe("e-mail", () => {
  const mailer = {
    kind: "email",
    host: "127.0.0.1",
    security: "none",
    user: "rigtwin",
    from: "farm@example.org",
    to: ["ops@example.org", "night@example.org"],
  };
  const smtp = async (options: ConstructorParameters<typeof SMTPServer>[0]): Promise<number> => {
    const server = new SMTPServer({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true, logger: false, ...options });
    server.on("error", () => undefined);
    open.push(server);
    server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    return (server.server.address() as AddressInfo).port;
  };

  test("goes out with a stable Message-ID, to all recipients, and tells the server's own answer", async () => {
    const mails: { text: string; to: string[] }[] = [];
    const port = await smtp({
      onAuth: ({ username, password }, _session, done) =>
        username === "rigtwin" && password === "pass word" ? done(null, { user: username }) : done(new Error("no")),
      onData: (stream, { envelope }, done) => {
        let text = "";
        stream.on("data", (piece: Buffer) => void (text += piece.toString()));
        stream.on("end", () => {
          mails.push({ text, to: envelope.rcptTo.map(({ address }) => address) });
          done(null, "queued as 4711");
        });
      },
    });
    const first = await sends({ ...mailer, port }, { password: "pass word" });
    expect(first).toEqual({ outcome: "sent", detail: "250 queued as 4711" });
    await sends({ ...mailer, port }, { password: "pass word" });
    const ids = mails.map(({ text }) => /^Message-ID: (.*)$/im.exec(text)?.[1]);
    expect(ids[0]).toMatch(/^<msg_[0-9a-f]{32}@/);
    expect(ids[1]).toBe(ids[0]);
    expect(mails[0]?.to).toEqual(["ops@example.org", "night@example.org"]);
    expect(mails[0]?.text).toMatch(/^Subject: Critical: Rack A-1/m);
    expect(mails[0]?.text).toMatch(/^Auto-Submitted: auto-generated/m);
  });

  test("a password that is wrong, a recipient that is refused: in the server's own words, without the password", async () => {
    const strict = await smtp({ onAuth: (_given, _session, done) => done(new Error("Invalid username or password")) });
    const { outcome, detail } = await sends({ ...mailer, port: strict }, { password: "pass word" });
    expect([outcome, detail]).toEqual(["failed", expect.stringMatching(/535 .*Invalid username or password/)]);
    expect(detail).not.toContain("pass word");
    const picky = await smtp({ authOptional: true, onRcptTo: (_to, _session, done) => done(new Error("no such box")) });
    expect(await sends({ ...mailer, port: picky, user: "" }, {})).toMatchObject({
      outcome: "failed",
      detail: expect.stringContaining("no such box"),
    });
  });

  test("a server that demands TLS it does not offer, that never greets, or that is not there", async () => {
    const plain = await smtp({ authOptional: true });
    expect(await sends({ ...mailer, port: plain, security: "starttls", user: "" }, {})).toMatchObject({ outcome: "failed" });
    const mute = createListener(() => undefined);
    open.push(mute);
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    expect(await sends({ ...mailer, port }, {}, { timeoutMs: 300 })).toMatchObject({ outcome: "failed" });
    expect(await sends({ ...mailer, port: 1 }, {})).toMatchObject({
      outcome: "failed",
      detail: expect.stringContaining("127.0.0.1:1"),
    });
  });

  test("a server that takes the message and never says so: nobody knows", async () => {
    const port = await smtp({ authOptional: true, onData: (stream) => void stream.resume() });
    expect(await sends({ ...mailer, port, user: "" }, {}, { timeoutMs: 400 })).toMatchObject({ outcome: "unknown" });
  });

  test("is not sent into the private network without leave", async () => {
    expect(await sends({ ...mailer, port: 25 }, {}, { allowed: readAllowed("") as Allowed })).toMatchObject({
      outcome: "failed",
      detail: expect.stringContaining("NOTIFY_ALLOW"),
    });
  });
});
