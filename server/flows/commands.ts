/** The path of a command: ordered → journal → broker → machine → journal. Nothing is sent that is not on disk first. */
import { commandTopicOf, readArgs, requestBytes, type AnyRequest } from "../twin/command.ts";
import { CAPS, isOpen, railOf, type Command, type CommandNews, type Order, type Ordered, type Planned } from "../twin/commands.ts";
import type { Farm } from "../twin/farm.ts";
import { Refused } from "../twin/refusal.ts";
import { OWN } from "../twin/wire.ts";
import { journalNow, type Clock } from "./clock.ts";

export interface CommandsNeeds {
  readonly farm: () => Farm;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<void>;
  /** QoS 1, never retained. */
  readonly publish: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly onError: (what: string, error: unknown) => void;
}
const PUMP_MS = 500;
const bytesOf = (news: CommandNews): Uint8Array => new TextEncoder().encode(JSON.stringify(news));

export const createCommands = (needs: CommandsNeeds) => {
  const { farm, clock } = needs;
  const now = (): number => journalNow(clock, farm());

  /** Who would be affected, without doing anything. Throws Refused REQUEST_INVALID. */
  const plan = ({ method, args, rigs, batchSize, gapS }: Pick<Order, "method" | "args" | "rigs" | "batchSize" | "gapS">): Planned => {
    const checked = readArgs(method, args);
    if ("code" in checked) throw new Refused("REQUEST_INVALID", checked.detail);
    const nowTs = now();
    const affected: { rig: string; dueTs: number }[] = [];
    const held: { rig: string; why: string }[] = [];
    for (const rig of new Set(rigs)) {
      const why = railOf(farm().commands, farm().twins.get(rig), method, nowTs);
      if (why === null) affected.push({ rig, dueTs: nowTs + Math.floor(affected.length / batchSize) * gapS * 1_000 });
      else held.push({ rig, why });
    }
    const lastsS = affected.length === 0 ? 0 : Math.ceil(affected.length / batchSize - 1) * gapS;
    return { method, affected, held, lastsS };
  };

  const pumpOne = async (command: Command): Promise<void> => {
    const { id, rig, method, args, expiresTs } = command;
    const why = railOf(farm().commands, farm().twins.get(rig), method, now(), id);
    if (why !== null) return needs.write(OWN.command, bytesOf({ what: "failed", id, detail: why }));
    // The far end judges by a clock of its own.
    const ts = clock.now();
    const request = { method, id, ts, expiresTs: ts + (expiresTs - now()), args } as unknown as AnyRequest;
    // After a crash in between it is published again under the same id, which the far end does not carry out twice.
    await needs.publish(commandTopicOf(farm().site, rig, method), requestBytes(request));
    await needs.write(OWN.command, bytesOf({ what: "sent", id }));
  };
  const busy = new Set<string>();
  const pump = async (): Promise<void> => {
    const nowTs = now();
    const due = [...farm().commands.values()].filter(
      ({ state, dueTs, expiresTs, id }) => state === "QUEUED" && dueTs <= nowTs && nowTs < expiresTs && !busy.has(id),
    );
    await Promise.all(
      due.slice(0, 200).map(async (command) => {
        busy.add(command.id);
        try {
          await pumpOne(command);
        } catch (error) {
          needs.onError(`command ${command.method} to ${command.rig} was not sent; it is tried again until it expires`, error);
        } finally {
          busy.delete(command.id);
        }
      }),
    );
  };

  return {
    plan,
    /** Orders; gives the commands as queued. Throws Refused REQUEST_INVALID, TOO_MANY_REQUESTS. */
    async order(order: Order): Promise<Ordered> {
      const { affected, held } = plan(order);
      if (order.method === "pools" && order.confirm !== affected.length)
        throw new Refused(
          "REQUEST_INVALID",
          `body.confirm: this switches the pools of ${affected.length} rigs; plan it, and confirm that number.`,
        );
      const nowTs = now();
      const today = [...farm().commands.values()].filter(({ queuedTs }) => nowTs - queuedTs < 86_400_000).length;
      if (today + affected.length > CAPS.commandsPerSite)
        throw new Refused("TOO_MANY_REQUESTS", `${today} commands were ordered within 24 h; at most ${CAPS.commandsPerSite} are allowed.`);
      const batch = needs.newId();
      const { method, args, by, why, expiresS } = order;
      const commands = affected.map(({ rig, dueTs }) => ({
        id: needs.newId(),
        rig,
        method,
        args,
        by,
        why,
        batch,
        queuedTs: nowTs,
        dueTs,
        expiresTs: dueTs + expiresS * 1_000,
      }));
      if (commands.length > 0) await needs.write(OWN.command, bytesOf({ what: "queued", commands }));
      void pump();
      return { batch, held, commands: commands.map(({ id }) => farm().commands.get(id)).filter((command) => command !== undefined) };
    },
    /** Newest first. */
    list: ({ rig, limit }: { readonly rig?: string | undefined; readonly limit: number }) => {
      const found = [...farm().commands.values()].filter((command) => rig === undefined || command.rig === rig).reverse();
      return { total: found.length, open: found.filter(isOpen).length, commands: found.slice(0, limit) };
    },
    start: (): (() => void) => clock.every(PUMP_MS, pump),
  };
};
