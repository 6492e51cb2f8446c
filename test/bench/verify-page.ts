/** What runs in the browser: the verifier as the dashboard has it, and nothing but SHA-256 over the same bytes. */
import { sha256 } from "@noble/hashes/sha2.js";
import { verifyBundle, type ChainReader, type Step } from "../../server/twin/verify.ts";

/** What the chain would answer, by day; numbers of the API. */
export interface Answers {
  readonly chainId: number;
  readonly active: number;
  readonly key: string;
  readonly serialHash: string;
  readonly anchors: Readonly<Record<number, { root: string; manifestHash: string; treeSize: number; readings: number }>>;
}
export interface Times {
  readonly verdict: string;
  readonly wrong: readonly Step[];
  /** Parsing of JSON included. */
  readonly ms: number;
  readonly sha256Ms: number;
  readonly bytes: number;
  /** How often the page had time to draw. */
  readonly breaths: number;
  /** The longest it had none. */
  readonly longestMs: number;
}

const readerOf = ({ chainId, active, key, serialHash, anchors }: Answers): ChainReader => ({
  chainId: async () => chainId,
  hasContract: async () => true,
  anchorOf: async (day) => anchors[day] ?? null,
  correctionsOf: async () => [],
  activeOn: async () => active,
  maintenanceOf: async () => null,
  wasTechnician: async () => false,
  rigOf: async () => ({ serialHash, maintenanceCount: 0 }),
  gatewayKeyAt: async () => key,
});

const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

const run = async (text: string, answers: Answers): Promise<Times> => {
  const bytes = new TextEncoder().encode(text);
  const hashedAt = performance.now();
  sha256(bytes);
  const sha256Ms = performance.now() - hashedAt;
  let breaths = 0;
  let longestMs = 0;
  const beganAt = performance.now();
  let breathedAt = beganAt;
  const { verdict, steps } = await verifyBundle(JSON.parse(text), readerOf(answers), {}, async () => {
    const now = performance.now();
    if (now - breathedAt < 24) return;
    longestMs = Math.max(longestMs, now - breathedAt);
    await breathe();
    breaths += 1;
    breathedAt = performance.now();
  });
  const ms = performance.now() - beganAt;
  return {
    verdict,
    wrong: steps.filter(({ result }) => result === "failed" || result === "not-checked"),
    ms,
    sha256Ms,
    bytes: bytes.length,
    breaths,
    longestMs,
  };
};
(globalThis as { verifyOnce?: typeof run }).verifyOnce = run;
