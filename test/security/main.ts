/** `npm run test:security [-- --only PART-OF-A-NAME]`: every attack against a server as people run it; ends with how many failed to do harm. */
import { BROKER } from "./broker.ts";
import { BROWSER } from "./browser.ts";
import { REACH } from "./reach.ts";
import { openStage, type Attack } from "./stage.ts";
import { WEB } from "./web.ts";

const LIMIT_MS = 60_000;

const outcome = async (one: Attack, stage: Awaited<ReturnType<typeof openStage>>): Promise<string | null> => {
  let timer: NodeJS.Timeout | undefined;
  try {
    const harm = await Promise.race([
      one.run(stage),
      new Promise<string>((done) => (timer = setTimeout(() => done(`no end after ${LIMIT_MS / 1_000} s`), LIMIT_MS))),
    ]);
    return harm ?? (stage.alive() ? null : "the server ended");
  } catch (error) {
    return `the attack itself broke: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
};

const main = async (): Promise<number> => {
  const stage = await openStage();
  const onlyAt = process.argv.indexOf("--only");
  const only = onlyAt < 0 ? "" : (process.argv[onlyAt + 1] ?? "");
  // Guessing a password comes last: from then on this address waits.
  const all = [...BROKER, ...REACH, ...BROWSER, ...WEB].filter(({ name }) => name.includes(only));
  if (all.length === 0) throw new Error(`no attack is called ${only}`);
  let failed = 0;
  try {
    for (const one of all) {
      const harm = await outcome(one, stage);
      if (harm !== null) failed += 1;
      console.log(harm === null ? `  ✓ ${one.name}` : `  ✗ ${one.name}\n      ${harm}`);
    }
  } finally {
    await stage.close();
  }
  const names = new Set(all.map(({ name }) => name));
  if (names.size !== all.length) throw new Error("two attacks have one name");
  console.log(`${all.length - failed} passed, ${failed} failed, 0 skipped`);
  return failed === 0 ? 0 : 1;
};

process.exit(await main());
