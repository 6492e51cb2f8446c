/** Who vouches for a day's readings: what gateways signed is checked with the keys that the contract lists, and gives the rows again. */
import { hexToBytes } from "@noble/hashes/utils.js";
import type { ProvenDay, SignedPart } from "./bundle.ts";
import { verifyPure } from "./gateway.ts";
import { asked, type ChainReader, type Notes } from "./steps.ts";
import { differingSlots, vouchedDay, type Breathe, type Vouched } from "./vouched.ts";

const readings = (n: number): string => `${n} ${n === 1 ? "reading" : "readings"}`;

const checkKeys = async (notes: Notes, { seals }: Vouched, chain: ChainReader): Promise<void> => {
  const unlisted = new Set<string>();
  const good = new Set<string>();
  for (const { by, fromTs, toTs } of seals) {
    const [key, later] = await Promise.all([chain.gatewayKeyAt(by.gateway, fromTs), chain.gatewayKeyAt(by.gateway, toTs)]);
    if (key === null || key !== later) unlisted.add(by.gateway);
    else if (verifyPure(hexToBytes(by.sig), by.signed, hexToBytes(key))) good.add(by.gateway);
    else
      return void notes.say("gateway", false, "", `A signature is not that of the key which the contract lists for gateway ${by.gateway}.`);
  }
  const named = (gateways: ReadonlySet<string>): string => [...gateways].toSorted().join(", ");
  if (unlisted.size > 0)
    notes.state(
      "gateway",
      `The contract lists no key for that time of gateway ${named(unlisted)}: whose signature it is, is the farm's word.`,
    );
  else notes.say("gateway", true, `Signed with the key that the contract lists for gateway ${named(good)}.`, "");
};

const checkRows = (notes: Notes, { rows }: ProvenDay, vouched: Vouched): void => {
  const { more, fewer } = differingSlots(rows, vouched.rows);
  const unsigned = rows.reduce((sum, { n, signed }) => sum + n - signed, 0);
  if (more > 0) notes.say("signed rows", false, "", `In ${more} of the rows the signed readings give something else.`);
  else if (fewer > 0)
    notes.skip(
      "signed rows",
      `${readings(fewer)} that the rows count as signed ${fewer === 1 ? "is" : "are"} not in the evidence${vouched.renamed > 0 ? "; the machine had another name" : ""}.`,
    );
  else
    notes.say(
      "signed rows",
      true,
      unsigned === 0
        ? `${readings(vouched.readings)} signed by a gateway give these very rows.`
        : `${readings(vouched.readings)} signed by a gateway are in the rows, and ${readings(unsigned)} that nobody signed.`,
      "",
    );
};

/** Adds the steps about a day's signatures. `parts`: what the evidence has of them; without any the tier is the farm's word. */
export const checkVouched = async (
  notes: Notes,
  day: ProvenDay,
  rig: string,
  parts: readonly SignedPart[],
  chain: ChainReader | null,
  breathe: Breathe,
): Promise<void> => {
  const signed = day.rows.reduce((sum, row) => sum + row.signed, 0);
  const n = day.rows.reduce((sum, row) => sum + row.n, 0);
  if (parts.length === 0) {
    if (n === 0) notes.state("tier", "Nothing came on this day, so nobody vouched for anything.");
    else if (signed === 0) notes.state("tier", "Self-reported: these readings are the machine's own word; nobody signed them.");
    else notes.state("tier", `The farm says that a gateway signed ${signed} of ${readings(n)}; the signatures are not in this evidence.`);
    return;
  }
  const vouched = await vouchedDay(day.day, rig, parts, breathe);
  if (typeof vouched === "string") return void notes.say("lines", false, "", vouched);
  notes.say("lines", true, `${readings(vouched.readings)}: each stands under a signed head.`, "");
  if (vouched.breaks > 0)
    notes.state(
      "batches",
      `At ${vouched.breaks} ${vouched.breaks === 1 ? "place" : "places"} what a gateway signed does not follow on what came before: something never came, or is left out.`,
    );
  else notes.say("batches", true, "What the gateway signed follows one another without a gap.", "");
  if (chain === null) notes.skip("gateway", "No chain was asked whose keys the gateways have.");
  else await asked(notes, "gateway", () => checkKeys(notes, vouched, chain));
  checkRows(notes, day, vouched);
};
