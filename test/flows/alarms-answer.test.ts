/** Alarms page by page: those that stand and those of the past as one list, each once, under every filter. */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { alarmsAnswer } from "../../server/flows/answers.ts";
import { newestFirst, passes, pastIn } from "../../server/twin/alarms/history.ts";
import { alarmsQuery } from "../../server/twin/api.ts";
import { newFarm } from "../../server/twin/farm.ts";
import type { Alarm } from "../../server/twin/twin.ts";

const T = 1_763_000_000_000;
const KINDS = ["hung", "too-hot", "board-missing"] as const;
const LEVELS = ["major", "critical", "minor"] as const;
const alarmOf = (rig: number, kind: number, minute: number, isCleared: boolean): Alarm => ({
  id: `farm/rig-${rig}/${KINDS[kind]}/${T + minute * 60_000}`,
  site: "farm",
  rig: `rig-${rig}`,
  scope: "rig",
  kind: KINDS[kind] ?? "hung",
  severity: LEVELS[kind] ?? "info",
  sinceTs: T + minute * 60_000,
  raisedTs: T + minute * 60_000,
  clearedTs: isCleared ? T + minute * 60_000 + 30_000 : null,
  acknowledgedTs: null,
  acknowledgedBy: null,
  owner: null,
  comments: [],
  snoozedUntilTs: null,
  incident: null,
  message: `Chip at ${90 + minute} °C.`,
});

const alarm = fc.record({ rig: fc.nat(3), kind: fc.nat(2), minute: fc.nat(20), isCleared: fc.boolean() });
const filter = fc.record(
  {
    state: fc.constantFrom("active", "cleared", "all"),
    rig: fc.constantFrom("rig-0", "rig-9"),
    kind: fc.constantFrom(...KINDS),
    severity: fc.constantFrom(...LEVELS),
    search: fc.constantFrom("CHIP", "hot", "rig-1", "nothing of the kind"),
    from: fc.integer({ min: 0, max: 20 }).map((minute) => String(T + minute * 60_000)),
    to: fc.integer({ min: 0, max: 20 }).map((minute) => String(T + minute * 60_000)),
  },
  { requiredKeys: [] },
);

test("the pages together are what passes the filter, newest first, each once", () => {
  fc.assert(
    fc.property(fc.array(alarm, { maxLength: 40 }), filter, fc.integer({ min: 1, max: 7 }), (drawn, asked, limit) => {
      const all = [
        ...new Map(
          drawn.map(({ rig, kind, minute, isCleared }) => [`${rig}/${kind}/${minute}`, alarmOf(rig, kind, minute, isCleared)]),
        ).values(),
      ];
      const farm = newFarm("farm");
      // A rig has one standing alarm of a kind.
      const standing = [
        ...new Map(all.filter(({ clearedTs }) => clearedTs === null).map((each) => [`${each.rig}/${each.kind}`, each])).values(),
      ];
      for (const each of standing)
        farm.alarms.held.set(each.rig, {
          ...farm.alarms.held.get(each.rig),
          [each.kind]: { alarm: each } as never,
        });
      const past = all.filter(({ clearedTs }) => clearedTs !== null);
      const query = alarmsQuery.parse({ ...asked, limit: String(limit) });
      const pages: Alarm[] = [];
      let after: string | undefined;
      for (let page = 0; ; page += 1) {
        const answer = alarmsAnswer(
          farm,
          pastIn(() => past),
          { ...query, after },
        );
        pages.push(...answer.alarms);
        const { state, after: _after, limit: _limit, ...rest } = query;
        const right = [...(state === "cleared" ? [] : standing), ...(state === "active" ? [] : past)].filter((each) => passes(each, rest));
        expect(answer.total).toBe(right.length);
        expect(answer.alarms.length).toBeLessThanOrEqual(limit);
        if (answer.next === null) {
          expect(pages).toEqual(right.toSorted(newestFirst));
          return;
        }
        expect(page).toBeLessThan(50);
        after = answer.next;
      }
    }),
    { numRuns: 500 },
  );
});
