/** The quick part of `npm run test:security`: what a device that was taken over may try, and a live page after its right was taken back. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { BROKER } from "../security/broker.ts";
import { REACH } from "../security/reach.ts";
import { openStage, type Stage } from "../security/stage.ts";
import { WEB } from "../security/web.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, 90_000);
afterAll(() => stage.close());

const QUICK = [...BROKER, ...REACH, ...WEB].filter(({ name }) =>
  /works|B's|retained|#|\$share|takeover|goes on after|lets somebody in|CSRF|DNS|in the log|bomb|relay/.test(name),
);
test("the quick part is no empty one", () => expect(QUICK.length).toBeGreaterThan(25));
test.each(QUICK)("$name", async ({ run }) => {
  expect(await run(stage)).toBeNull();
});
