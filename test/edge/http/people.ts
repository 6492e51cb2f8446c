/** A door with real people in a real store of a new folder; only the slow hash is replaced by a quick one. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAudit } from "../../../server/edge/audit.ts";
import { fitsDevicePassword, hashDevicePassword, newDevicePassword } from "../../../server/edge/people/devices.ts";
import { openPeople } from "../../../server/edge/people/store.ts";
import { newRecovery, newTotp, totpStep } from "../../../server/edge/people/totp.ts";
import { nonceIn, walletOf } from "../../../server/edge/people/wallet.ts";
import { accessHandlers } from "../../../server/flows/access.ts";
import { createDevices } from "../../../server/flows/devices.ts";
import { createPeople } from "../../../server/flows/people.ts";
import { weakness } from "../../../server/twin/passwords.ts";
import type { Role } from "../../../server/twin/rights.ts";

export const PASSWORD = "correct horse battery staple";
const quick = (text: string): string => createHash("sha256").update(text).digest("base64url");

export type House = Awaited<ReturnType<typeof openHouse>>;

/** `now` is the clock of sessions, tokens and codes. One admin with PASSWORD is there. */
export const openHouse = async (now: () => number = Date.now) => {
  const folder = mkdtempSync(join(tmpdir(), "rigtwin-people-"));
  const store = openPeople(folder);
  const audit = openAudit(folder, now);
  const clock = { now };
  const gone: string[] = [];
  const faults: string[] = [];
  const people = createPeople({
    clock,
    store,
    secret: () => randomBytes(32).toString("base64url"),
    digest: quick,
    hashPassword: (password) => Promise.resolve(quick(password)),
    fitsPassword: (password, kept) => Promise.resolve(kept !== null && quick(password) === kept),
    weakness,
    newRecovery,
    newTotp,
    totpStep,
    nonceIn,
    walletOf,
    audit: audit.add,
  });
  const devices = createDevices({
    site: "farm",
    clock,
    store,
    newPassword: newDevicePassword,
    hash: hashDevicePassword,
    fits: fitsDevicePassword,
    rigs: () => ["c1-01", "c1-02", "c2-01"],
    disconnect: (name) => void gone.push(name),
    connected: () => false,
    audit: audit.add,
    onError: (what) => void faults.push(what),
  });
  await people.first(PASSWORD, false);
  return {
    folder,
    people,
    devices,
    audit,
    store,
    /** Devices that were cut off. */
    gone,
    /** What was complained of. */
    faults,
    access: accessHandlers({
      people,
      devices,
      audit,
      ownedBy: (wallet) => Promise.resolve(wallet === "" ? [] : [{ tokenId: 7, rig: "rig-0001" }]),
    }),
    /** Somebody of that role, with a session and a token of scope read and write. */
    async somebody(role: Role): Promise<{ readonly id: number; readonly session: string; readonly token: string }> {
      const name = `${role}-${randomBytes(3).toString("hex")}`;
      const from = { address: "192.0.2.1", agent: "test" };
      const admin = { person: 1, key: null, name: "admin", role: "admin", scopes: null } as const;
      const { id } = await people.add(admin, name, role, PASSWORD, null, from);
      const session = await people.login(name, PASSWORD, null, from);
      const { secret } = people.addToken(id, "t", ["read", "write", "metrics"], 1, from);
      return { id, session: session ?? "", token: secret };
    },
    close(): void {
      store.close();
      audit.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
