/** The fake Braiins machine on gRPC, asked by Node's own HTTP/2: frames, the login's token, a status for what it does not know. */
import { connect } from "node:http2";
import { afterEach, expect, test } from "@jest/globals";
import { fieldsOf, textOf } from "../../server/twin/dialects/protobuf.ts";
import { braiins } from "../../simulators/devices/dialects/braiins.ts";
import { openPark } from "../../simulators/devices/park.ts";
import { GOOD_MANNERS } from "../../simulators/devices/serve.ts";
import { CALM } from "../gateway/world.ts";
import { freePort } from "../servers/mosquitto.ts";

const stops: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

test("a client logs in and reads; without the token, and of what there is not, it is told a status", async () => {
  const ports = { rpc: await freePort(), framed: await freePort(), web: await freePort(), grpc: await freePort() };
  const park = await openPark({
    rigs: 1,
    seed: 1,
    scenario: CALM,
    firstHost: "127.50.0.1",
    ports,
    manners: GOOD_MANNERS,
    now: Date.now,
    dialect: braiins,
  });
  stops.push(park.close);
  const session = connect(`http://127.50.0.1:${ports.grpc}`);
  stops.push(() => session.destroy());
  const ask = (method: string, authorization = ""): Promise<{ status: string; token: string; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": "POST",
        ":path": `/braiins.bos.v1.${method}`,
        "content-type": "application/grpc",
        authorization,
      });
      const chunks: Buffer[] = [];
      let token = "";
      let status = "";
      stream.on("response", (headers) => (token = String(headers["authorization"] ?? "")));
      stream.on("trailers", (trailers) => (status = String(trailers["grpc-status"])));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.once("error", reject);
      stream.once("close", () => resolve({ status, token, body: Buffer.concat(chunks) }));
      stream.end(Buffer.alloc(5));
    });
  const { token } = await ask("AuthenticationService/Login");
  expect(token).toHaveLength(16);
  const told = await ask("MinerService/GetMinerDetails", token);
  expect(told.status).toBe("0");
  expect(told.body.readUInt32BE(1)).toBe(told.body.length - 5);
  expect(fieldsOf(told.body.subarray(5)).find(({ number }) => number === 6)?.bytes.length).toBeGreaterThan(0);
  const [board] = fieldsOf((await ask("MinerService/GetHashboards", token)).body.subarray(5));
  expect(textOf(fieldsOf(board?.bytes ?? new Uint8Array()).find(({ number }) => number === 1)?.bytes ?? new Uint8Array())).toBe("1");
  expect((await ask("MinerService/GetMinerDetails")).status).toBe("16");
  expect((await ask("MinerService/Sing", token)).status).toBe("12");
});
