/** Who may come in: people with their sessions and tokens, devices with their credentials, and the audit of both. */
import { createHash, randomBytes } from "node:crypto";
import { openAudit } from "../edge/audit.ts";
import { fitsDevicePassword, hashDevicePassword, newDevicePassword } from "../edge/people/devices.ts";
import { fitsPassword, hashPassword } from "../edge/people/passwords.ts";
import { openPeople } from "../edge/people/store.ts";
import { newRecovery, newTotp, totpStep } from "../edge/people/totp.ts";
import { nonceIn, walletOf } from "../edge/people/wallet.ts";
import { accessHandlers } from "../flows/access.ts";
import { createDevices, SIMULATOR } from "../flows/devices.ts";
import { createPeople } from "../flows/people.ts";
import { weakness } from "../twin/passwords.ts";
import type { Role } from "../twin/rights.ts";
import { complain, type House } from "./house.ts";

const secret = (): string => randomBytes(32).toString("base64url");
const digest = (text: string): string => createHash("sha256").update(text).digest("base64url");

export type Door = Awaited<ReturnType<typeof openDoor>>;

/** Opens it; at the very first start it makes the admin. `password` is what is to be shown, once, null where there is nothing to show. */
export const openDoor = async ({ config, clock, runs }: House) => {
  const store = openPeople(config.dataDir);
  runs("the people", store.close);
  const audit = openAudit(config.dataDir, clock.now);
  runs("the audit", audit.close);
  const people = createPeople({
    clock,
    store,
    secret,
    digest,
    hashPassword,
    fitsPassword,
    weakness,
    newRecovery,
    newTotp,
    totpStep,
    nonceIn,
    walletOf,
    audit: audit.add,
  });
  /** Joined when there is a broker and a farm. */
  const later: { rigs: () => readonly string[]; disconnect: (name: string) => void; connected: (name: string) => boolean } = {
    rigs: () => [],
    disconnect: () => undefined,
    connected: () => false,
  };
  const devices = createDevices({
    site: config.site,
    clock,
    store,
    newPassword: newDevicePassword,
    hash: hashDevicePassword,
    fits: fitsDevicePassword,
    rigs: () => later.rigs(),
    disconnect: (name) => later.disconnect(name),
    connected: (name) => later.connected(name),
    audit: audit.add,
    onError: complain,
  });

  const made = config.password ?? randomBytes(12).toString("base64url");
  const isFirst = await people.first(made, config.password !== null);
  const localRole: Role | null =
    config.localRole === null ? (config.simulate ? "admin" : null) : config.localRole === "none" ? null : config.localRole;
  return {
    people,
    devices,
    audit,
    later,
    localRole,
    shownPassword: isFirst && config.password === null ? made : null,
    /** User and password of the simulated farm for this run; its PDUs speak Tasmota's words. */
    simulatorPassword: devices.forNow(SIMULATOR, ["*", "tele/"]),
    handlers: (ownedBy: (wallet: string) => Promise<readonly { tokenId: number; rig: string }[]>) =>
      accessHandlers({ people, devices, audit, ownedBy }),
  };
};
