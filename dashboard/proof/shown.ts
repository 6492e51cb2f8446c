/** Whether a page shows what was checked: every figure drawn is compared with what the checked bundle gives. */
import type { Bundle, DayLine, ProvenDay } from "../../server/twin/bundle.ts";
import { canonicalText } from "../../server/twin/canonical.ts";
import type { DayLeaf } from "../../server/twin/day.ts";
import type { Identity } from "../../server/twin/reading.ts";
import type { TwinRecord } from "../../server/twin/record.ts";
import type { Step } from "../../server/twin/verify.ts";
import type { ContractReader } from "./contract.ts";

export interface Shown {
  readonly days: readonly DayLine[];
  readonly records: readonly TwinRecord[];
  readonly identity: Identity;
  readonly owner: string | null;
}

const textOf = (value: unknown): string => {
  try {
    return canonicalText(value);
  } catch {
    return "";
  }
};
const same = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b);
const step = (subject: string, check: string, ok: boolean, passed: string, failed: string): Step => ({
  subject,
  check,
  result: ok ? "passed" : "failed",
  says: ok ? passed : failed,
});
const skipped = (subject: string, check: string, says: string): Step => ({ subject, check, result: "not-checked", says });

const leafIn = (text: string): Partial<DayLeaf> => {
  try {
    return (JSON.parse(text) ?? {}) as Partial<DayLeaf>;
  } catch {
    return {};
  }
};

const isShownDay = (line: DayLine, day: ProvenDay): boolean => {
  if (line.state !== day.state || line.date !== day.date || !same(line.totals, day.totals)) return false;
  if (day.tree === null) return line.root === null;
  const leaf = leafIn(day.tree.leaf);
  return (
    line.root === day.tree.root &&
    line.number === day.tree.number &&
    line.n === leaf.n &&
    line.expected === leaf.expected &&
    line.tier === leaf.tier &&
    line.gaps === leaf.gaps?.length
  );
};

const dayStep = (line: DayLine, day: ProvenDay | undefined): Step => {
  const subject = line.date;
  if (day === undefined) return step(subject, "shown", false, "", "The page shows this day, the evidence has nothing of it.");
  if (day.state === "pending") return skipped(subject, "shown", "The page shows later readings, which wait for their correction.");
  return step(
    subject,
    "shown",
    isShownDay(line, day),
    "What this page shows of the day is what was checked.",
    "What this page shows of the day is not what was checked.",
  );
};

/** One step for each thing the page shows. */
export const shownSteps = (shown: Shown, bundle: Bundle): Step[] => {
  const byDay = new Map(bundle.days.map((day) => [day.day, day]));
  const records =
    shown.records.length === bundle.records.length &&
    shown.records.every(({ hash, body }, i) => bundle.records[i]?.hash === hash && textOf(body) === bundle.records[i]?.bytes);
  const withheld = bundle.days.filter(({ day }) => !shown.days.some((line) => line.day === day));
  return [
    step(
      "page",
      "records",
      records,
      "The records shown are word for word those that were checked.",
      "The records shown are not those that were checked.",
    ),
    step(
      "page",
      "machine",
      same(shown.identity, bundle.identity),
      "The machine shown is the one that was checked.",
      "The machine shown is not the one that was checked.",
    ),
    ...(withheld.length === 0
      ? []
      : [step("page", "days", false, "", `The evidence has ${withheld.length} days that the page does not show.`)]),
    ...shown.days.map((line) => dayStep(line, byDay.get(line.day))),
  ];
};

/** What the page shows of the token itself, against the chain. A node that does not answer leaves it unchecked. */
export const tokenSteps = async (shown: Shown, tokenId: number, chain: ContractReader | null): Promise<Step[]> => {
  if (chain === null) return [skipped("page", "owner", "No chain was asked who owns the token.")];
  try {
    const [owner, lastDay] = await Promise.all([chain.ownerOf(tokenId), chain.lastDay()]);
    const newest = shown.days.findLast(({ root }) => root !== null)?.day ?? null;
    return [
      shown.owner === null
        ? skipped("page", "owner", "The page shows no owner.")
        : step(
            "page",
            "owner",
            shown.owner.toLowerCase() === owner,
            "The owner shown is the one the contract names.",
            `The contract names another owner: ${owner ?? "none"}.`,
          ),
      lastDay === null || newest === null || lastDay <= newest
        ? step("page", "newest day", true, "No day that the contract has is missing at the end.", "")
        : skipped("page", "newest day", "The contract has anchors of newer days, which are not shown."),
    ];
  } catch (error) {
    return [skipped("page", "owner", `The chain could not be asked: ${error instanceof Error ? error.message : String(error)}`)];
  }
};
