import { expect, jest, test } from "@jest/globals";
import { systemClock } from "../../server/edge/clock.ts";
import { until } from "../servers/until.ts";

test.each([
  [
    "throws",
    (): void => {
      throw new Error("at once");
    },
  ],
  ["rejects", (): Promise<void> => Promise.reject(new Error("later"))],
])("a round that %s is told of and does not end the rounds", async (_how, fail) => {
  const told = jest.spyOn(console, "error").mockImplementation(() => undefined);
  let rounds = 0;
  const stop = systemClock.every(1, () => {
    rounds += 1;
    return fail();
  });
  await until(() => rounds >= 3, "it is called again");
  stop();
  expect(told.mock.calls.length).toBeGreaterThanOrEqual(2);
  told.mockRestore();
});
