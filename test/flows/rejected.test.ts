import { expect, test } from "@jest/globals";
import { refusalsAnswer } from "../../server/flows/answers.ts";
import { createRejected } from "../../server/flows/rejected.ts";
import { foldEntry, newFarm, nothingYet } from "../../server/twin/farm.ts";
import { T0 } from "./hands.ts";

test("points that the store refused stand in the inbox among the messages, newest first, the newest kept", () => {
  const farm = newFarm("farm");
  let nowTs = T0;
  const rejected = createRejected(
    () => nowTs,
    () => 7,
  );
  expect(refusalsAnswer(farm, rejected, 10)).toEqual({ total: 0, byCode: {}, refusals: [] });
  rejected.add([{ point: "rig farm/r1 @5", reason: "field type conflict" }]);
  const nonsense = {
    topic: "rigtwin/v1/farm/r1/telemetry",
    payload: new TextEncoder().encode("{"),
    qos: 1,
    retain: false,
    dup: false,
    client: "",
  } as const;
  foldEntry(farm, { ...nonsense, pos: 8, receivedTs: T0 + 1_000 }, nothingYet());
  nowTs = T0 + 2_000;
  rejected.add(Array.from({ length: 500 }, (_, i) => ({ point: `rig farm/r2 @${i}`, reason: "out of range" })));
  const all = refusalsAnswer(farm, rejected, 1_000);
  expect(all.byCode).toEqual({ PAYLOAD_NOT_JSON: 1, STORE_REJECTED: 501 });
  expect(all.total).toBe(502);
  expect(all.refusals).toHaveLength(201);
  expect(all.refusals[0]).toEqual({
    pos: 7,
    receivedTs: T0 + 2_000,
    topic: "rig farm/r2 @499",
    code: "STORE_REJECTED",
    detail: "out of range",
    sample: "",
  });
  expect(all.refusals.at(-1)).toMatchObject({ code: "PAYLOAD_NOT_JSON", pos: 8 });
  expect(refusalsAnswer(farm, rejected, 3).refusals.map(({ topic }) => topic)).toEqual([
    "rig farm/r2 @499",
    "rig farm/r2 @498",
    "rig farm/r2 @497",
  ]);
});
