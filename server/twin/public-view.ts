/** What a stranger may see of a twin: its history and its parts, not how the farm's network reaches it nor whom it mines for. */
import { plainMeasured } from "./packed-measured.ts";
import type { Identity } from "./reading.ts";
import { machineHash } from "./seal.ts";
import type { Twin } from "./twin.ts";

/**
 * The identity without network names. A MAC stays only where the contract knows the machine by it: without it nobody could check that
 * the token stands for this machine.
 */
export const publicIdentity = <T extends Identity>(site: string, rig: string, identity: T): T => ({
  ...identity,
  ip: null,
  hostname: null,
  mac: machineHash(site, rig, identity).by === "mac" ? identity.mac : null,
});

/** The twin without network names and pools, whose workers and accounts are the operators'. */
export const publicTwin = (twin: Twin): Twin => ({
  ...twin,
  identity: publicIdentity(twin.site, twin.rig, twin.identity),
  latest: { ...plainMeasured(twin.latest), pools: [] },
});
