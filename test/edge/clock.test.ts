import { expect, jest, test } from "@jest/globals";
import { nextDue, systemClock } from "../../server/edge/clock.ts";
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

test("rounds stay in step, however late each of them is, and those that a sleeping machine missed are not made up for", () => {
  let dueMs = 1_000;
  for (let round = 1; round <= 1_000; round++) {
    dueMs = nextDue(dueMs, 100, dueMs + ((round * 7) % 100));
    expect(dueMs).toBe(1_000 + round * 100);
  }
  expect(nextDue(1_000, 100, 1_000)).toBe(1_100);
  expect(nextDue(1_000, 100, 999.6)).toBe(1_100);
  expect(nextDue(1_000, 100, 86_401_030)).toBe(86_401_100);
});

test("a round ended by its own work is not called again", async () => {
  let rounds = 0;
  const stop = systemClock.every(1, () => {
    rounds += 1;
    stop();
  });
  let others = 0;
  const stopOthers = systemClock.every(1, () => void (others += 1));
  await until(() => others >= 5, "the others go on");
  stopOthers();
  expect(rounds).toBe(1);
});
