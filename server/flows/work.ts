/**
 * The path of a work order: act → journal (then it is answered) → book. An order that is done has a record sealed for each of its rigs;
 * what is still to be sealed is read from the book alone, so that a server that was killed goes on where it was.
 */
import type { NewRecord } from "../twin/api.ts";
import { Refused } from "../twin/refusal.ts";
import type { TwinRecord } from "../twin/record.ts";
import type { Alarm, Twin } from "../twin/twin.ts";
import { OWN } from "../twin/wire.ts";
import { isLive, statementOf, unsealedOf, type WorkBook } from "../twin/orders/fold.ts";
import { cleanPicture, type Media } from "../twin/orders/image.ts";
import { MOST_PIXELS, pixelsOf } from "../twin/orders/image-size.ts";
import { MOST_PARTS_OF_RIG, MOST_PHOTOS } from "../twin/orders/limits.ts";
import type { Due, NewOrder, Order, OrderChange, OrdersQuery, PlanChange, Plans, WorkAct } from "../twin/orders/shapes.ts";
import type { Clock } from "./clock.ts";

export interface WorkNeeds {
  readonly clock: Clock;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<unknown>;
  readonly book: () => WorkBook;
  /** What plans ask for now. */
  readonly due: () => readonly Due[];
  readonly twins: () => ReadonlyMap<string, Twin>;
  readonly alarm: (id: string) => Alarm | undefined;
  readonly seal: (rig: string, told: NewRecord) => Promise<TwinRecord>;
  readonly photos: {
    readonly keep: (bytes: Uint8Array) => Promise<string>;
    readonly read: (hash: string) => Promise<Uint8Array | null>;
  };
  readonly onError: (what: string, error: unknown) => void;
}

const SEAL_MS = 2_000;
const CLOCK_AHEAD_MS = 300_000;
/** More than anybody reads; the number of all is told. */
const MOST_DUE = 2_000;

const bytesOf = (act: WorkAct): Uint8Array => new TextEncoder().encode(JSON.stringify(act));
const newestFirst = (a: Order, b: Order): number => b.number - a.number;

export const createWork = (needs: WorkNeeds) => {
  const { book, clock } = needs;
  let turn: Promise<unknown> = Promise.resolve();
  let stopEvery: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();

  /** One act after the other: what is looked at before the writing still holds when it is folded. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const orderOf = (id: string): Order => {
    const order = book().orders.get(id);
    if (order === undefined) throw new Refused("ORDER_UNKNOWN", `There is no work order "${id.slice(0, 32)}".`);
    return order;
  };
  const write = (act: WorkAct): Promise<unknown> => needs.write(OWN.work, bytesOf(act));

  const checkRigs = (rigs: readonly string[]): void => {
    const twins = needs.twins();
    const unknown = rigs.find((rig) => !twins.has(rig));
    if (unknown !== undefined) throw new Refused("RIG_UNKNOWN", `No rig "${unknown}" has been seen.`);
  };

  /** Opens an order; the same key again gives the order that is there. Throws Refused RIG_UNKNOWN, NOT_FOUND, JOURNAL_UNAVAILABLE, DISK_FULL. */
  const open = (told: NewOrder): Promise<Order> =>
    inTurn(async () => {
      const known = book().opened.get(told.key);
      if (known !== undefined) return orderOf(known);
      checkRigs(told.rigs);
      const alarm = told.alarm === null ? undefined : needs.alarm(told.alarm);
      if (told.plan !== null && !book().plans.has(told.plan)) throw new Refused("NOT_FOUND", "There is no plan of that id.");
      if (told.alarm !== null && alarm === undefined) throw new Refused("NOT_FOUND", "There is no alarm of that id.");
      await write({ what: "open", ...told, faultTs: told.faultTs ?? alarm?.sinceTs ?? null });
      return orderOf(book().opened.get(told.key) ?? "");
    });

  const checkChange = (order: Order, change: OrderChange): void => {
    if (!isLive(order) && change.what !== "note")
      throw new Refused("ORDER_CHANGED", `${order.id} is closed; its record is sealed. Open another order for what follows.`);
    if ("rev" in change && change.rev !== order.rev)
      throw new Refused("ORDER_CHANGED", `${order.id} is at revision ${order.rev}, this was based on ${change.rev}. Nothing was changed.`);
    if (change.what === "close" && change.performedTs > clock.now() + CLOCK_AHEAD_MS)
      throw new Refused("REQUEST_INVALID", "body.performedTs is in the future.");
    if (change.what === "tick" && !order.checklist.some(({ id }) => id === change.item))
      throw new Refused("NOT_FOUND", `${order.id} has no such item on its list.`);
    if (change.what !== "edit") return;
    const parts = change.fields.parts ?? [];
    const stranger = parts.find(({ rig }) => !order.rigs.includes(rig));
    if (stranger !== undefined) throw new Refused("REQUEST_INVALID", `body.fields.parts: ${stranger.rig} is no rig of ${order.id}.`);
    for (const rig of order.rigs)
      if (parts.filter((part) => part.rig === rig).length > MOST_PARTS_OF_RIG)
        throw new Refused("REQUEST_INVALID", `body.fields.parts: at most ${MOST_PARTS_OF_RIG} parts of a rig fit into its record.`);
  };

  const sealRecords = async (order: Order): Promise<void> => {
    for (const rig of unsealedOf(order)) {
      const told = statementOf(order, rig);
      if (told === null || told.kind === "registration") continue;
      await needs.seal(rig, { ...told, kind: told.kind, parts: [...told.parts] });
    }
  };
  const sealing = (): Promise<void> =>
    inTurn(async () => {
      for (const id of book().sealing) await sealRecords(orderOf(id));
    });

  /**
   * Changes an order. A close that is `done` answers when its records are sealed as well, or as far as they could be: the rest is tried
   * again. Throws Refused ORDER_UNKNOWN, ORDER_CHANGED, NOT_FOUND, REQUEST_INVALID, JOURNAL_UNAVAILABLE, DISK_FULL.
   */
  const change = async (id: string, told: OrderChange): Promise<Order> => {
    await inTurn(async () => {
      checkChange(orderOf(id), told);
      await write({ order: id, ...told });
    });
    if (told.what === "close" && told.outcome === "done")
      await sealing().catch((error: unknown) => needs.onError(`the records of ${id} wait to be sealed`, error));
    return orderOf(id);
  };

  /** Keeps a picture of at most the edge's limit. Throws Refused IMAGE_INVALID, ORDER_UNKNOWN, ORDER_CHANGED, REQUEST_INVALID, DISK_FULL. */
  const addPhoto = async (id: string, by: string, caption: string, bytes: Uint8Array): Promise<Order> => {
    const picture = cleanPicture(bytes);
    if (picture === null) throw new Refused("IMAGE_INVALID", "It is neither a JPEG nor a PNG nor a WebP, or it ends early.");
    const pixels = pixelsOf(picture.bytes, picture.media);
    if (pixels > MOST_PIXELS)
      throw new Refused(
        "IMAGE_INVALID",
        `It says it has ${Math.round(pixels / 1e6)} megapixels, which nobody could look at; ${MOST_PIXELS / 1e6} are the most.`,
      );
    orderOf(id);
    const hash = await needs.photos.keep(picture.bytes);
    return inTurn(async () => {
      const order = orderOf(id);
      if (order.photos.some((photo) => photo.hash === hash)) return order;
      if (!isLive(order)) throw new Refused("ORDER_CHANGED", `${id} is closed.`);
      if (order.photos.length >= MOST_PHOTOS) throw new Refused("REQUEST_INVALID", `${id} has its ${MOST_PHOTOS} photos.`);
      await write({ what: "photo", order: id, by, photo: { hash, bytes: picture.bytes.length, media: picture.media, caption } });
      return orderOf(id);
    });
  };

  /** A picture that some order has. Throws Refused NOT_FOUND. */
  const photo = async (hash: string): Promise<{ readonly media: Media; readonly bytes: Uint8Array }> => {
    for (const { photos } of book().orders.values()) {
      const known = photos.find((one) => one.hash === hash);
      const bytes = known === undefined ? null : await needs.photos.read(hash);
      if (known !== undefined && bytes !== null) return { media: known.media, bytes };
    }
    throw new Refused("NOT_FOUND", "There is no such picture, or its bytes are no longer those of its hash.");
  };

  /** Every plan, and what is due by them. */
  const plans = (): Plans => {
    const due = needs.due();
    return { plans: [...book().plans.values()], total: due.length, due: due.slice(0, MOST_DUE) };
  };

  return {
    open,
    change,
    addPhoto,
    photo,
    order: orderOf,
    /** Newest first. */
    orders: ({ state, rig, limit }: OrdersQuery): { total: number; orders: Order[] } => {
      const found = [...book().orders.values()]
        .filter((order) => state === "all" || (state === "live" ? isLive(order) : order.state === state))
        .filter((order) => rig === undefined || order.rigs.includes(rig))
        .toSorted(newestFirst);
      return { total: found.length, orders: found.slice(0, limit) };
    },
    plans,
    /** Sets or drops a maintenance plan. Throws Refused NOT_FOUND, JOURNAL_UNAVAILABLE, DISK_FULL. */
    changePlan: async (told: PlanChange): Promise<Plans> => {
      await inTurn(async () => {
        if (told.what === "drop" && !book().plans.has(told.id)) throw new Refused("NOT_FOUND", "There is no such plan.");
        await write({ what: "plan", change: told });
      });
      return plans();
    },
    start: (): void => {
      const round = (): Promise<void> =>
        sealing().catch((error: unknown) => needs.onError("records of work orders wait to be sealed", error));
      stopEvery = clock.every(SEAL_MS, () => (running = book().sealing.size === 0 ? Promise.resolve() : round()));
    },
    stop: async (): Promise<void> => {
      stopEvery?.();
      await running;
    },
  };
};
