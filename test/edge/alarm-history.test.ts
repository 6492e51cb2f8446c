import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { openAlarmHistory } from "../../server/edge/alarm-history.ts";
import { pageOf, type AlarmFilter } from "../../server/twin/alarms/history.ts";
import type { Alarm } from "../../server/twin/twin.ts";

const T = 1_763_000_000_000;
const KINDS = ["hung", "too-hot", "board-missing"] as const;
const SEVERITIES = ["major", "critical", "minor"] as const;
/** Several of each moment, told in no order. */
const ALARMS = Array.from({ length: 3_000 }, (_, n): Alarm => {
  const i = (n * 1_009) % 3_000;
  const rig = `rig-${i % 7}`;
  const kind = KINDS[i % 3] ?? "hung";
  const raisedTs = T + Math.floor(i / 10) * 1_000;
  return {
    id: `farm/${rig}/${kind}/${raisedTs}`,
    site: "farm",
    rig,
    scope: "rig",
    kind,
    severity: SEVERITIES[i % 3] ?? "info",
    sinceTs: raisedTs,
    raisedTs,
    clearedTs: raisedTs + 60_000,
    acknowledgedTs: null,
    acknowledgedBy: null,
    owner: null,
    comments: [],
    snoozedUntilTs: null,
    incident: null,
    message: `Chip at ${100 + (i % 11)}.0 °C.`,
  };
});
const DISTINCT = [...new Map(ALARMS.map((alarm) => [alarm.id, alarm])).values()];

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "rigtwin-alarms-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the history on disk gives every page as a list does, and twice the same alarm is one", () => {
  const history = openAlarmHistory(folder);
  history.keep(ALARMS.slice(0, 2_000));
  history.keep(ALARMS.slice(1_000));
  const filters: AlarmFilter[] = [
    {},
    { rig: "rig-3" },
    { kind: "too-hot", severity: "critical" },
    { search: "CHIP AT 107" },
    { search: "board missing", from: T + 50_000, to: T + 90_000 },
  ];
  for (const filter of filters)
    for (let after: string | undefined, pages = 0; pages < 4; pages++) {
      const page = history.page(filter, after, 37);
      expect(page).toEqual(pageOf(DISTINCT, filter, after, 37));
      after = page.alarms.at(-1)?.id ?? after;
    }
  history.close();
});

test("an alarm that is commented on later is replaced; mark and alarms are there at the next start", () => {
  const [first] = ALARMS as [Alarm];
  const history = openAlarmHistory(folder);
  expect(history.marked()).toBe(0);
  history.keep([first]);
  history.keep([{ ...first, comments: [{ ts: T, by: "b7", text: "new fan" }] }]);
  history.mark(42);
  history.close();
  const again = openAlarmHistory(folder);
  expect(again.marked()).toBe(42);
  expect(again.alarm(first.id)?.comments).toHaveLength(1);
  expect(again.page({}, undefined, 10).total).toBe(1);
  again.close();
});
