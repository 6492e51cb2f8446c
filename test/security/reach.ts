/** Attacks that make the server call somebody for the attacker (SSRF), or swell what it or its viewers must hold (bombs). */
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32, deflateSync, gzipSync } from "node:zlib";
import { attack, type Attack, type Stage } from "./stage.ts";

/** Somebody on this machine whom only this machine reaches. */
const withCanary = async <T>(work: (port: number, calls: () => number) => Promise<T>): Promise<T> => {
  let calls = 0;
  const server = createHttpServer((_request, response) => {
    calls += 1;
    response.end("secret");
  });
  // Not only HTTP: a line that is opened is a call.
  server.on("connection", () => void (calls += 1));
  await new Promise<void>((done) => server.listen(0, "::", done));
  try {
    return await work((server.address() as AddressInfo).port, () => calls);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

const HOSTS = [
  ["127.0.0.1", "this machine by address"],
  ["localhost", "this machine by name"],
  ["[::1]", "this machine by IPv6"],
  ["[::ffff:127.0.0.1]", "this machine by IPv4 in IPv6"],
  ["2130706433", "this machine as one number"],
  ["0x7f.1", "this machine in hex"],
  ["0.0.0.0", "this machine as no address"],
  ["127.0.0.1.nip.io@127.0.0.1", "this machine behind a user name"],
] as const;

const webhook = (name: string, host: string): Attack =>
  attack(`SSRF: a webhook to ${name} (${host})`, (stage) =>
    withCanary(async (port, calls) => {
      const set = await stage.send("admin", "/api/v1/notifications/channels", {
        id: "ssrf",
        label: "ssrf",
        kind: "webhook",
        secrets: { url: `http://${host}:${port}/latest/meta-data` },
      });
      if (set.status >= 500) return `the server broke: ${set.text.slice(0, 100)}`;
      if (set.status >= 400) return null;
      const tried = await stage.ask("admin", "/api/v1/notifications/channels/ssrf/test", { method: "POST" });
      return calls() > 0 || tried.text.includes("secret") ? `it was called: ${tried.text.slice(0, 100)}` : null;
    }),
  );
const channel = (name: string, over: (port: number) => object): Attack =>
  attack(`SSRF: ${name}`, (stage) =>
    withCanary(async (port, calls) => {
      const set = await stage.send("admin", "/api/v1/notifications/channels", { id: "ssrf-2", label: "ssrf", ...over(port) });
      if (set.status >= 400) return set.status < 500 ? null : set.text;
      const tried = await stage.ask("admin", "/api/v1/notifications/channels/ssrf-2/test", { method: "POST" });
      return calls() > 0 ? `it was called: ${tried.text.slice(0, 100)}` : null;
    }),
  );
const relay = (name: string, how: (port: number) => { path?: string; body: object; headers?: Record<string, string> }): Attack =>
  attack(`SSRF: the chain's relay, ${name}`, (stage) =>
    withCanary(async (port, calls) => {
      const { path = "/api/v1/rpc", body, headers = {} } = how(port);
      const { text } = await stage.send("operator", path, body, headers);
      return calls() > 0 || text.includes("secret") ? `it was called: ${text.slice(0, 100)}` : null;
    }),
  );
const CALL = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };

const be = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const chunk = (type: string, body: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(type), body]);
  return Buffer.concat([be(body.length), named, be(crc32(named))]);
};
/** A PNG of a few hundred kilobytes that claims `side` × `side` pixels. */
const png = (side: number): Buffer =>
  Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", Buffer.concat([be(side), be(side), Buffer.from([8, 6, 0, 0, 0])])),
    chunk("IDAT", deflateSync(Buffer.alloc(1_000_000))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
const jpeg = (side: number): Buffer =>
  Buffer.concat([
    Buffer.from("ffd8ffc0000b08", "hex"),
    be(side * 65_536 + side),
    Buffer.from("01011100ffda0008010100003f00010203ffd9", "hex"),
  ]);
const webp = (side: number): Buffer => {
  const le = (value: number): Buffer => Buffer.from([value & 255, (value >> 8) & 255, (value >> 16) & 255]);
  const canvas = Buffer.concat([Buffer.from("0a00000000000000", "hex"), le(side - 1), le(side - 1)]);
  const frame = Buffer.concat([Buffer.from("VP8L"), Buffer.from("060000002f0000000000", "hex")]);
  const body = Buffer.concat([Buffer.from("WEBPVP8X"), canvas, frame]);
  return Buffer.concat([Buffer.from("RIFF"), le(body.length), Buffer.alloc(1), body]);
};

const orderOf = new WeakMap<Stage, Promise<string>>();
const openOrder = async ({ send, ask, device }: Stage): Promise<string> => {
  if ((await ask("admin", "/api/v1/rigs/dev-b")).status !== 200) {
    const client = await device("dev-b", { clientId: "photo" });
    const payload = JSON.stringify({ v: 1, ts: Date.now(), seq: 1, boot: "photo", m: { mode: "mining", hashrateThs: 1, powerW: 1 } });
    await new Promise<void>((done) => client.publish("rigtwin/v1/fort/dev-b/telemetry", payload, { qos: 1 }, () => done()));
    client.end(true);
    for (let tries = 0; tries < 50 && (await ask("admin", "/api/v1/rigs/dev-b")).status !== 200; tries++)
      await new Promise((done) => setTimeout(done, 100));
  }
  const made = await send("admin", "/api/v1/orders", {
    key: "attack-photo",
    by: "x",
    title: "photo",
    kind: "inspection",
    corrective: true,
    rigs: ["dev-b"],
  });
  if (made.status !== 201) throw new Error(`no order: ${made.text}`);
  return (JSON.parse(made.text) as { id: string }).id;
};
const upload = async (stage: Stage, type: string, bytes: Uint8Array, headers: Record<string, string> = {}) => {
  const order = orderOf.get(stage) ?? openOrder(stage);
  orderOf.set(stage, order);
  return stage.ask("technician", `/api/v1/orders/${await order}/photos?by=x`, {
    method: "POST",
    headers: { "content-type": type, ...headers },
    body: bytes as Uint8Array<ArrayBuffer>,
  });
};
const bomb = (name: string, type: string, bytes: () => Uint8Array, headers: Record<string, string> = {}): Attack =>
  attack(`bomb: ${name}`, async (stage) => {
    const { status, text } = await upload(stage, type, bytes(), headers);
    return status >= 400 && status < 500 ? null : `it was answered with ${status}: ${text.slice(0, 100)}`;
  });

export const REACH: readonly Attack[] = [
  attack("(the canary works: whoever calls it is noticed)", () =>
    withCanary(async (port, calls) => {
      await fetch(`http://127.0.0.1:${port}/`);
      return calls() > 0 ? null : "it heard nothing";
    }),
  ),
  ...HOSTS.map(([host, name]) => webhook(name, host)),
  webhook("a machine's metadata service", "169.254.169.254"),
  channel("a chat server on this machine", (port) => ({
    kind: "telegram",
    chat: "1",
    server: `http://127.0.0.1:${port}`,
    secrets: { token: "t" },
  })),
  channel("a mail server on this machine", (port) => ({
    kind: "email",
    host: "127.0.0.1",
    port,
    security: "none",
    from: "a@example.org",
    to: ["b@example.org"],
  })),
  relay("an address in the question", (port) => ({
    body: { ...CALL, url: `http://127.0.0.1:${port}`, rpcUrl: `http://127.0.0.1:${port}` },
  })),
  relay("an address in the query", (port) => ({
    path: `/api/v1/rpc?url=http://127.0.0.1:${port}&rpc=http://127.0.0.1:${port}`,
    body: CALL,
  })),
  relay("an address as the method", (port) => ({ body: { ...CALL, method: `http://127.0.0.1:${port}` } })),
  relay("an address as the forwarded host", (port) => ({
    body: CALL,
    headers: { "x-forwarded-host": `127.0.0.1:${port}`, forwarded: `host=127.0.0.1:${port}` },
  })),
  relay("an address as a parameter", (port) => ({
    body: { ...CALL, method: "eth_call", params: [{ to: `http://127.0.0.1:${port}` }, "latest"] },
  })),
  attack("(the stage works: a small picture is kept)", async (stage) => {
    const { status, text } = await upload(stage, "image/png", png(8));
    return status === 201 ? null : text;
  }),
  bomb("a PNG that claims 60,000 × 60,000 pixels", "image/png", () => png(60_000)),
  bomb("a JPEG that claims 65,000 × 65,000 pixels", "image/jpeg", () => jpeg(65_000)),
  bomb("a WebP that claims 16,384 × 16,384 pixels", "image/webp", () => webp(16_384)),
  bomb("a picture in gzip, that swells", "image/png", () => gzipSync(Buffer.concat([png(8), Buffer.alloc(7_000_000)])), {
    "content-encoding": "gzip",
  }),
  bomb("a zip as a picture", "image/png", () => Buffer.from("504b0304140000000800", "hex")),
  bomb("a picture of 30 MB", "image/png", () => Buffer.concat([png(8), Buffer.alloc(30_000_000)])),
  bomb("an HTML page as a picture", "image/png", () => Buffer.from("<!doctype html><script>alert(1)</script>")),
  bomb("an SVG with a script as a picture", "image/svg+xml", () =>
    Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
  ),
];
