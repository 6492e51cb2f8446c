/**
 * The stranger's check of a bundle: every hash, link, tree and figure is computed again, and what came out is compared with the chain
 * that the stranger asks. No network, clock or trust of its own. A step that could not be done is not passed; what is somebody's word
 * alone is named as such; only a bundle of which every other step passed is verified.
 */
import { BUNDLE_CONTEXT, bundle as bundleShape, provenDay as dayShape, type Bundle, type ProvenDay } from "./bundle.ts";
import { dateOf, type DayLeaf } from "./day.ts";
import { DAY_MS } from "./days.ts";
import { dayOf, type DigestRow } from "./digest.ts";
import { SLOT_MS, SLOTS } from "./rig-day.ts";
import { machineHash, verifyChainOfRecords, type Hex } from "./seal.ts";
import { RECORD_KINDS, type RecordBody } from "./record.ts";
import { asked, notesOn, verdictOf, type ChainReader, type Step, type Verification } from "./steps.ts";
import { dayTotals } from "./uptime.ts";
import { isSignedPart } from "./signed-part.ts";
import type { Breathe } from "./vouched.ts";
import { checkTree, checkTreeOnChain, same, stated } from "./verify-tree.ts";
import { checkVouched } from "./verify-signed.ts";
import { checkSigners } from "./verify-signers.ts";

export { verdictOf } from "./steps.ts";
export type { ChainReader, Result, Step, Verification } from "./steps.ts";

/** What the stranger knows from elsewhere; a bundle for something else fails. */
export interface Expected {
  readonly chainId?: number;
  readonly contract?: string;
  readonly tokenId?: number;
}

const areRowsOf = (day: number, rows: readonly DigestRow[]): boolean =>
  rows.length === SLOTS && rows.every(({ ts }, slot) => ts === day * DAY_MS + slot * SLOT_MS);

const checkDay = async (
  steps: Step[],
  bundle: Bundle,
  day: ProvenDay,
  works: readonly RecordBody[],
  chain: ChainReader | null,
  breathe: Breathe,
): Promise<void> => {
  const notes = notesOn(dateOf(day.day), steps);
  notes.say(
    "rows",
    day.date === dateOf(day.day) && areRowsOf(day.day, day.rows),
    `All ${SLOTS} five-minute rows are there, in order.`,
    `The rows are not the ${SLOTS} five minutes of this day.`,
  );
  const { tree } = day;
  if (tree === null) {
    notes.skip("anchored", "The day is sealed by the farm and not yet on a chain.");
    return;
  }
  checkTree(notes, bundle, day.day, tree, day.rows);
  const leaf = stated<DayLeaf>(tree.leaf);
  const totals = leaf === null ? null : dayTotals(leaf, day.rows, works);
  notes.say(
    "figures",
    totals !== null && same(totals, day.totals),
    `The figures shown are what the rows give: ${totals?.deliveredThH.toFixed(1)} TH·h, ${totals?.energyKwh.toFixed(1)} kWh.`,
    "The figures shown are not what the rows give.",
  );
  await checkVouched(
    notes,
    day,
    bundle.rig,
    (bundle.signed ?? []).filter((part) => part.day === day.day),
    chain,
    breathe,
  );
  if (day.state === "pending") notes.skip("pending", "Later readings of this day wait for their correction.");
  for (const before of day.earlier) checkTree(notes, bundle, day.day, before, before.rows);
  if (chain === null) notes.skip("root", "No chain was asked whether it has this root.");
  else
    await asked(notes, "root", async () => {
      await checkTreeOnChain(notes, day.day, tree, true, chain);
      for (const before of day.earlier) await checkTreeOnChain(notes, day.day, before, false, chain);
    });
};

/** A leaf or manifest is a stranger's JSON: whatever its members are, a look at them ends in a failed step. */
const checkDayOrFail = async (
  steps: Step[],
  bundle: Bundle,
  day: ProvenDay,
  works: readonly RecordBody[],
  chain: ChainReader | null,
  breathe: Breathe,
): Promise<void> => {
  let isEnded = false;
  try {
    await checkDay(steps, bundle, day, works, chain, async (done, of) => {
      try {
        await breathe(done, of);
      } catch (error) {
        isEnded = true;
        throw error;
      }
    });
  } catch (error) {
    if (isEnded) throw error;
    notesOn(dateOf(day.day), steps).say(
      "day",
      false,
      "",
      `The day cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
};

const worksOf = (bundle: Bundle): RecordBody[] =>
  bundle.records.flatMap(({ bytes }) => {
    const body = stated<RecordBody>(bytes);
    return body === null ? [] : [body];
  });

const checkRecords = async (steps: Step[], bundle: Bundle, works: readonly RecordBody[], chain: ChainReader | null): Promise<void> => {
  const notes = notesOn("records", steps);
  const whole = verifyChainOfRecords(bundle.records);
  const own = works.length === bundle.records.length && works.every(({ site, rig }) => site === bundle.site && rig === bundle.rig);
  const some = `${bundle.records.length} ${bundle.records.length === 1 ? "record" : "records"}`;
  notes.say(
    "links",
    whole.ok && own,
    `${some}: each gives its hash and names the one before it.`,
    whole.reason ?? "There is a record of another rig.",
  );
  if (whole.ok && own) await checkSigners(notes, bundle, works, chain);
  if (chain === null) return notes.skip("recorded", "No chain was asked whether it has the records.");
  await asked(notes, "recorded", async () => {
    let recorded = 0;
    for (const [i, { hash }] of bundle.records.entries()) {
      const there = await chain.maintenanceOf(hash as Hex);
      if (there === null) notes.skip("recorded", `Record ${i + 1} is not on the chain yet.`);
      else if (there.tokenId !== bundle.tokenId || RECORD_KINDS[there.kind] !== works[i]?.kind)
        notes.say("recorded", false, "", `The contract has record ${i + 1} for another token or as another kind.`);
      else recorded += 1;
    }
    if (recorded > 0) notes.say("recorded", true, `The contract has ${recorded} of ${some} for this token.`, "");
    const rig = await chain.rigOf(bundle.tokenId);
    if (rig === null) return void notes.say("token", false, "", `The contract has no token ${bundle.tokenId}.`);
    const { hash, by } = machineHash(bundle.site, bundle.rig, bundle.identity);
    notes.say(
      "machine",
      rig.serialHash === hash,
      `Token ${bundle.tokenId} stands for this machine's ${by === "mac" ? "MAC address" : by === "serial" ? "serial number" : "name"}.`,
      `Token ${bundle.tokenId} stands for another machine.`,
    );
    const registrations = works.filter(({ kind }) => kind === "registration").length;
    notes.say(
      "all records",
      rig.maintenanceCount + Math.min(1, registrations) <= bundle.records.length,
      "No record that the contract counts is missing.",
      `The contract counts ${rig.maintenanceCount} works; the bundle leaves some out.`,
    );
  });
};

const checkWhole = (steps: Step[], bundle: Bundle, expected: Expected): void => {
  const notes = notesOn("bundle", steps);
  const { chainId, contract } = bundle.chain;
  if (expected.chainId !== undefined)
    notes.say(
      "chain id",
      expected.chainId === chainId,
      `It is for chain ${chainId}, as expected.`,
      `It is for chain ${chainId}, not for ${expected.chainId}.`,
    );
  if (expected.contract !== undefined)
    notes.say(
      "contract",
      expected.contract.toLowerCase() === contract,
      "It is for the contract you know.",
      `It is for the contract ${contract}, not for ${expected.contract}.`,
    );
  if (expected.tokenId !== undefined)
    notes.say(
      "token",
      expected.tokenId === bundle.tokenId,
      `It is for token ${bundle.tokenId}, as expected.`,
      `It is for token ${bundle.tokenId}, not for ${expected.tokenId}.`,
    );
  const inRow = bundle.days.every(({ day }, i) => i === 0 || day === (bundle.days[i - 1]?.day ?? 0) + 1);
  notes.say(
    "days",
    inRow,
    bundle.days.length === 0
      ? "There are no days in it."
      : `${bundle.days.length} ${bundle.days.length === 1 ? "day" : "days"}, ${dateOf(bundle.days[0]?.day ?? 0)} to ${dateOf(bundle.days.at(-1)?.day ?? 0)}, without a gap.`,
    "Days are missing, or stand twice or out of order.",
  );
  if (bundle.days.length === 0) notes.skip("days", "Without days there is no telemetry to check.");
};

const checkChain = async (steps: Step[], bundle: Bundle, chain: ChainReader): Promise<boolean> => {
  const notes = notesOn("chain", steps);
  let there = false;
  await asked(notes, "chain id", async () => {
    const chainId = await chain.chainId();
    const right = notes.say(
      "chain id",
      chainId === bundle.chain.chainId,
      `The chain asked is number ${chainId}.`,
      `The chain asked is number ${chainId}; the bundle is for ${bundle.chain.chainId}.`,
    );
    const stands = await chain.hasContract();
    there =
      notes.say(
        "contract",
        stands,
        `The contract stands at ${bundle.chain.contract}.`,
        `There is no contract at ${bundle.chain.contract}.`,
      ) && right;
  });
  return there;
};

const headShape = bundleShape.omit({ days: true, signed: true });
const NO_PART = "signed: is not what gateways signed of a day";
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

type Fault = { readonly path: readonly PropertyKey[]; readonly message: string };
const faultOf = (under: readonly PropertyKey[], issues: readonly Fault[]): string => {
  const [issue] = issues;
  return `${[...under, ...(issue?.path ?? [])].map(String).join(".") || "the whole"}: ${issue?.message ?? ""}`;
};

/** A bundle out of what came out of JSON, or why it is none. Day by day: a year's rows in one go would keep the page from drawing. */
const readBundle = async (given: unknown, breathe: (days: number) => Promise<void> | void): Promise<Bundle | string> => {
  if (!isObject(given)) return "the whole: is no object";
  const { signed, days: givenDays, ...rest } = given;
  const head = headShape.safeParse(rest);
  if (!head.success) return faultOf([], head.error.issues);
  if (!Array.isArray(givenDays)) return "days: is no array";
  const days: ProvenDay[] = [];
  for (const [i, one] of (givenDays as unknown[]).entries()) {
    const day = dayShape.safeParse(one);
    if (!day.success) return faultOf(["days", i], day.error.issues);
    days.push(day.data);
    await breathe(givenDays.length);
  }
  if (signed === undefined) return { ...head.data, days };
  return Array.isArray(signed) && signed.every(isSignedPart) ? { ...head.data, days, signed } : NO_PART;
};

/**
 * Is told the steps so far and how many days of how many are done, parts of a day included; the check waits for it, and ends where it
 * throws.
 */
export type Listener = (steps: readonly Step[], done: number, of: number) => Promise<void> | void;

/**
 * Checks a bundle, as it came out of JSON. `chain` null: nothing is asked, and nothing can be verified, only refuted. Throws nothing but
 * what `heard` throws.
 */
export const verifyBundle = async (
  given: unknown,
  chain: ChainReader | null,
  expected: Expected = {},
  heard: Listener = () => undefined,
): Promise<Verification> => {
  const steps: Step[] = [];
  const bundle = await readBundle(given, (days) => heard(steps, 0, days));
  if (typeof bundle === "string") {
    notesOn("bundle", steps).say("shape", false, "", `This is not a bundle of a twin: ${bundle}.`);
    return { verdict: "failed", steps };
  }
  checkWhole(steps, bundle, expected);
  const reader = chain !== null && (await checkChain(steps, bundle, chain)) ? chain : null;
  const works = worksOf(bundle);
  await checkRecords(steps, bundle, works, reader);
  await heard(steps, 0, bundle.days.length);
  for (const [i, day] of bundle.days.entries()) {
    await checkDayOrFail(steps, bundle, day, works, reader, (done, of) => heard(steps, i + done / of, bundle.days.length));
    await heard(steps, i + 1, bundle.days.length);
  }
  return { verdict: verdictOf(steps), steps };
};

/** Checks one day alone, as `/api/v1/twins/:tokenId/days/:day` gives it, within what is known of its rig. Never throws. */
export const verifyDay = async (
  day: ProvenDay,
  of: Omit<Bundle, "days" | "context" | "madeTs">,
  chain: ChainReader | null,
): Promise<Verification> => {
  const bundle: Bundle = { ...of, context: "rigtwin/bundle/v1", madeTs: 0, days: [day] };
  const parsed = bundleShape.safeParse(bundle);
  const steps: Step[] = [];
  if (!parsed.success)
    notesOn("bundle", steps).say("shape", false, "", `This is not a day of a twin: ${parsed.error.issues[0]?.message ?? ""}.`);
  else {
    const reader = chain !== null && (await checkChain(steps, bundle, chain)) ? chain : null;
    await checkDayOrFail(steps, bundle, day, worksOf(bundle), reader, () => undefined);
  }
  return { verdict: verdictOf(steps), steps };
};

/** Checks a service book alone, within what is known of its machine. Never throws. */
export const verifyBook = async (
  of: Omit<Bundle, "days" | "context" | "madeTs" | "signed">,
  chain: ChainReader | null,
): Promise<Verification> => {
  const steps: Step[] = [];
  const bundle = await readBundle({ ...of, context: BUNDLE_CONTEXT, madeTs: 0, days: [] }, () => undefined);
  if (typeof bundle === "string") notesOn("bundle", steps).say("shape", false, "", `This is no service book: ${bundle}.`);
  else {
    const reader = chain !== null && (await checkChain(steps, bundle, chain)) ? chain : null;
    await checkRecords(steps, bundle, worksOf(bundle), reader);
  }
  return { verdict: verdictOf(steps), steps };
};

/** The days of a range, ms UTC, half-open. */
export const daysBetween = (from: number, to: number): { readonly first: number; readonly last: number } => ({
  first: dayOf(from),
  last: dayOf(to - 1),
});
