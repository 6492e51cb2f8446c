/** What InfluxDB refuses of a batch, in the words of each version. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { addressOf } from "../../server/edge/influx/address.ts";
import { createPost } from "../../server/edge/influx/post.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A database that refuses each line with "old" in it, alone or among others, as `says`. */
const refusing = async (status: number, says: string): Promise<ReturnType<typeof createPost>> => {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () =>
      response.writeHead(body.includes("old") ? status : 204).end(body.includes("old") ? JSON.stringify({ error: says }) : ""),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => void server.close());
  return createPost({
    address: addressOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}/rigtwin`),
    timeoutMs: 5_000,
  });
};
const LINES = [
  { text: "rigtwin_dirty old=1", label: null },
  { text: "rig old=1", label: "rig r1 @1" },
  { text: "rig new=1", label: "rig r1 @2" },
];

test.each([
  ["1.x", 400, "partial write: points beyond retention policy dropped=1"],
  [
    "2.x",
    422,
    "partial write: dropped 1 points outside retention policy of duration 72h0m0s - oldest point rig at 2026-01-01T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2026-01-02T00:00:00Z, newest point rig at 2026-01-01T00:00:00Z dropped because it violates a Retention Policy Lower Bound at 2026-01-02T00:00:00Z dropped=1 for database: rigtwin for retention policy: autogen",
  ],
])("what is older than the owner keeps, as %s says it, is refused by itself and holds nothing up", async (_version, status, says) => {
  const post = await refusing(status, says);
  expect(await post(LINES)).toEqual([{ point: "rig r1 @1", reason: says.slice(0, 500) }]);
});

test("a line of our own that is refused for another reason fails the batch", async () => {
  const post = await refusing(400, "partial write: field type conflict dropped=1");
  await expect(post(LINES)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", detail: expect.stringContaining("rigtwin_dirty") });
});
