/** Rooms of replays: each has a farm of its own at its own moment, the API that answers from it, and nothing it could write to. */
import { randomBytes } from "node:crypto";
import type { Handlers } from "../edge/http/handlers.ts";
import { alarmOf, createApi, type ApiNeeds } from "../flows/api.ts";
import { createCurtail, type CurtailNeeds } from "../flows/curtail.ts";
import type { Frame } from "../flows/frames.ts";
import { openReplay, type Replay, type ReplayNeeds, type ReplayWish } from "../flows/replay.ts";
import { createNotes } from "../flows/notes.ts";
import { createUsage, type UsageNeeds } from "../flows/usage.ts";
import { createWork, type WorkNeeds } from "../flows/work.ts";
import { pastIn } from "../twin/alarms/history.ts";
import { recordsOf } from "../twin/ledger.ts";
import { dueNow } from "../twin/orders/due.ts";
import { Refused } from "../twin/refusal.ts";

const lookedAtOnly = (): Promise<never> =>
  Promise.reject(new Refused("REQUEST_INVALID", "A replay is looked at, never changed; go live first."));

/** `live`: the handlers of the present, for what no replay knows of. */
export const createRooms = (
  needs: Omit<ReplayNeeds, "room">,
  api: ApiNeeds,
  work: WorkNeeds,
  money: UsageNeeds,
  curtail: CurtailNeeds,
  live: Handlers,
) => {
  const rooms = new Map<string, Handlers>();
  return {
    handlers: (room: string): Handlers | null => rooms.get(room) ?? null,
    /** Opens a replay in a room of its own. Throws Refused. */
    async open(wish: ReplayWish, emit: (frame: Frame) => void): Promise<Replay> {
      const room = randomBytes(16).toString("hex");
      const replay = await openReplay({ ...needs, room }, wish, emit);
      const { farm } = replay;
      const then = createApi({
        ...api,
        farm,
        pastAlarms: pastIn(() => farm().alarms.history),
        curtail: createCurtail({ ...curtail, farm, write: lookedAtOnly, order: lookedAtOnly }),
        money: createUsage({ ...money, farm, now: () => farm().asOfTs, write: lookedAtOnly }),
        notes: createNotes({ now: () => farm().asOfTs, farm, write: lookedAtOnly }),
        work: createWork({
          ...work,
          write: lookedAtOnly,
          seal: lookedAtOnly,
          photos: { ...work.photos, keep: lookedAtOnly },
          book: () => farm().work,
          due: () => dueNow(farm()),
          twins: () => farm().twins,
          alarm: (id) => alarmOf(farm(), id),
        }),
        write: lookedAtOnly,
        addRecord: lookedAtOnly,
        setTechnician: lookedAtOnly,
        addSubstitute: lookedAtOnly,
        recordsOf: (rig) => recordsOf(farm().ledger, rig),
      });
      const notify = {
        ...live.notify,
        setNotifyRules: lookedAtOnly,
        setChannel: lookedAtOnly,
        endChannel: lookedAtOnly,
        testChannel: lookedAtOnly,
        addPushDevice: lookedAtOnly,
        endPushDevice: lookedAtOnly,
      };
      rooms.set(room, { ...live, ...then, notify });
      return {
        ...replay,
        close(): void {
          rooms.delete(room);
          replay.close();
        },
      };
    },
  };
};
