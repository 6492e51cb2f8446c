import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { authorizationOf, challengeOf } from "../../server/gateway/ask/digest.ts";
import { md5crypt } from "../../server/gateway/ask/md5crypt.ts";
import { askFramed, askText, knock } from "../../server/gateway/ask/tcp.ts";
import { createLink } from "../../server/gateway/ask/link.ts";
import { askAll, rpcQuestions } from "../../server/gateway/drivers/asking.ts";
import { tokenOf } from "../../server/gateway/drivers/whatsminer.ts";
import { tokenOf as tokenOf3 } from "../../server/gateway/drivers/whatsminer3.ts";

describe("HTTP Digest", () => {
  test("answers the example of RFC 2617, 3.5", () => {
    const challenge = challengeOf(
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    );
    if (challenge === null) throw new Error("not read");
    const of = { method: "GET", uri: "/dir/index.html", username: "Mufasa", password: "Circle Of Life" };
    expect(authorizationOf(challenge, of, 1, "0a4f113b")).toContain('response="6629fae49393a05397450978507c4ef1"');
  });
  test("answers the examples of RFC 7616, 3.9.1", () => {
    const of = { method: "GET", uri: "/dir/index.html", username: "Mufasa", password: "Circle of Life" };
    const told = (algorithm: string): string => {
      const challenge = challengeOf(
        `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
      );
      if (challenge === null) throw new Error("not read");
      return authorizationOf(challenge, of, 1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
    };
    expect(told("MD5")).toContain('response="8ca523f5e9506fed4657c9700eebdbec"');
    expect(told("SHA-256")).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
  });
  test.each([
    undefined,
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest realm="x", nonce="n", algorithm=SHA-512',
    'Digest realm="x", nonce="n", qop="auth-int"',
  ])("does not answer %s", (header) => expect(challengeOf(header)).toBeNull());
});

describe("MicroBT's tokens", () => {
  // made by `openssl passwd -1 -salt SALT WORD`
  test.each([
    ["admin", "BQ5hoXV9", "RxmaDUO33TS7O26yeMHZ81"],
    ["RxmaDUO33TS7O26yeMHZ815626", "jbzkfQls", "w.BNbkCV6n1aNWgiBWLzT/"],
  ])("md5crypt of %s", (word, salt, expected) => expect(md5crypt(word, salt)).toBe(expected));
  test("API 2: sign and key from password, salts and time", () => {
    const token = tokenOf({ time: "5626", salt: "BQ5hoXV9", newsalt: "jbzkfQls" }, "admin");
    expect(token.sign).toBe("w.BNbkCV6n1aNWgiBWLzT/");
    expect(token.key).toHaveLength(32);
  });
  test("API 3: eight letters, others for another time", () => {
    // echo -n 'set.miner.servicesuperuhCiDyVj1700000000' | openssl dgst -sha256 -binary | base64
    expect(tokenOf3("set.miner.service", "super", "uhCiDyVj", 1_700_000_000)).toBe("fhp2TAJF");
    expect(tokenOf3("set.miner.service", "super", "uhCiDyVj", 1_700_000_001)).not.toBe("fhp2TAJF");
  });
});

describe("a question over TCP", () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  });
  const serve = (answer: (socket: Socket) => void): Promise<number> =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => undefined);
        socket.once("data", () => answer(socket));
      });
      servers.push(server);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  const LIMITS = { timeoutMs: 2_000 };

  test("ends at the zero byte, though the line stays open and more follows", async () => {
    const port = await serve((socket) => socket.write('{"a":1}\0{"b":2}'));
    expect(await askText("127.0.0.1", port, "x", LIMITS)).toBe('{"a":1}');
  });
  test("ends when the machine hangs up, zero byte or not", async () => {
    const port = await serve((socket) => socket.end('{"a":[1,2'));
    expect(await askText("127.0.0.1", port, "x", LIMITS)).toBe('{"a":[1,2');
  });
  test("ends after a silence behind a closing bracket", async () => {
    const port = await serve((socket) => socket.write('{"a":1}'));
    expect(await askText("127.0.0.1", port, "x", LIMITS)).toBe('{"a":1}');
  });
  test("comes in pieces", async () => {
    const port = await serve((socket) => {
      socket.write('{"a":');
      setImmediate(() => socket.end("1}\0"));
    });
    expect(await askText("127.0.0.1", port, "x", LIMITS)).toBe('{"a":1}');
  });
  test("is given up after its time", async () => {
    const port = await serve(() => undefined);
    await expect(askText("127.0.0.1", port, "x", { timeoutMs: 100 })).rejects.toMatchObject({ name: "NoAnswer", connected: true });
  });
  test("that the machine takes and drops is asked once more; one that is never answered is not", async () => {
    let asked = 0;
    const port = await serve((socket) => {
      asked += 1;
      if (asked === 1) socket.destroy();
      else socket.end('{"a":1}\0');
    });
    const ask = (timeoutMs: number) =>
      askAll(rpcQuestions(createLink("127.0.0.1", { rpc: port, framed: 1, web: 1 }, timeoutMs, Date.now), ["summary"]));
    expect(await ask(2_000)).toEqual({ summary: '{"a":1}' });
    expect(asked).toBe(2);
    let silent = 0;
    const mute = await serve(() => (silent += 1));
    const questions = rpcQuestions(createLink("127.0.0.1", { rpc: mute, framed: 1, web: 1 }, 100, Date.now), ["summary"]);
    await expect(askAll(questions)).rejects.toMatchObject({ name: "NoAnswer", dropped: false });
    expect(silent).toBe(1);
  });
  test("without end is given up", async () => {
    const port = await serve((socket) => socket.write("x".repeat(5_000)));
    await expect(askText("127.0.0.1", port, "x", { timeoutMs: 2_000, mostBytes: 1_000 })).rejects.toThrow("without end");
  });
  test("in frames takes as much as the frame says", async () => {
    const body = Buffer.from('{"code":0}');
    const head = Buffer.alloc(4);
    head.writeUInt32LE(body.length);
    const port = await serve((socket) => {
      socket.write(head.subarray(0, 2));
      setImmediate(() => socket.write(Buffer.concat([head.subarray(2), body, Buffer.from("rest")])));
    });
    expect(await askFramed("127.0.0.1", port, "{}", LIMITS)).toBe('{"code":0}');
  });
  test("a knock tells open from closed", async () => {
    const port = await serve(() => undefined);
    expect(await knock("127.0.0.1", port, 500)).toBe("open");
    for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
    expect(await knock("127.0.0.1", port, 500)).toBe("closed");
  });
});
