/** The mock's work orders: the real flow and the real fold over a journal in memory, behind the routes. */
import express, { type Express, type Request, type Response } from "express";
import { createWork } from "../../../server/flows/work.ts";
import type { NewRecord } from "../../../server/twin/api.ts";
import { Refused, type Code } from "../../../server/twin/refusal.ts";
import type { TwinRecord } from "../../../server/twin/record.ts";
import type { Alarm, Twin } from "../../../server/twin/twin.ts";
import { ROUTES } from "../../../server/twin/wire.ts";
import { foldSealed, foldWork, noWork } from "../../../server/twin/orders/fold.ts";
import { lineOf, linesOf, type OrderLine } from "../../../server/twin/orders/lines.ts";
import { dueOf } from "../../../server/twin/orders/due.ts";
import { noService } from "../../../server/twin/orders/service.ts";
import { newOrder, orderChange, ordersQuery, planChange, type Order, type WorkAct } from "../../../server/twin/orders/shapes.ts";
import { hashOf } from "./book.ts";

export interface WorkHands {
  readonly now: () => number;
  readonly twins: () => ReadonlyMap<string, Twin>;
  readonly alarm: (id: string) => Alarm | undefined;
  readonly seal: (rig: string, told: NewRecord) => TwinRecord;
  readonly refuse: (response: Response, code: Code, detail?: string) => void;
}
export interface MockWork {
  readonly lines: () => readonly OrderLine[];
  /** Orders as they changed, oldest change first. */
  readonly changed: readonly OrderLine[];
  readonly orders: () => readonly Order[];
  /** Does something at an order as another person would. */
  readonly flow: ReturnType<typeof createWork>;
}

export const mountWork = (app: Express, hands: WorkHands): MockWork => {
  const book = noWork();
  const changed: OrderLine[] = [];
  const photos = new Map<string, Uint8Array>();
  const service = noService();
  /** As if the rigs had run between 1,500 and 2,500 hours. */
  const due = () => {
    let i = 0;
    const twins = hands.twins();
    for (const rig of twins.keys()) if (!service.ranMs.has(rig)) service.ranMs.set(rig, (1_500 + (i++ % 11) * 100) * 3_600_000);
    return dueOf({ work: book, service, twins, drifting: () => undefined });
  };
  const tell = (order: Order | null): void => {
    if (order !== null) changed.push(lineOf(order));
  };
  const flow = createWork({
    clock: { now: hands.now, every: () => () => undefined, breathe: () => Promise.resolve() } as never,
    write: async (_topic, payload) => tell(foldWork(book, JSON.parse(new TextDecoder().decode(payload)) as WorkAct, hands.now())),
    book: () => book,
    due,
    twins: hands.twins,
    alarm: hands.alarm,
    seal: async (rig, told) => {
      const record = hands.seal(rig, told);
      tell(foldSealed(book, record.hash, record.body, hands.now()));
      return record;
    },
    photos: {
      keep: async (bytes) => {
        const hash = hashOf(Buffer.from(bytes).toString("latin1")).slice(2);
        photos.set(hash, bytes);
        return hash;
      },
      read: async (hash) => photos.get(hash) ?? null,
    },
    onError: () => undefined,
  });
  const answer =
    (status: number, give: (request: Request) => unknown) =>
    async (request: Request, response: Response): Promise<void> => {
      try {
        response.status(status).json(await give(request));
      } catch (error) {
        if (!(error instanceof Refused)) return hands.refuse(response, "REQUEST_INVALID", String(error));
        hands.refuse(response, error.code, error.detail);
      }
    };
  const idOf = (request: Request): string => String(request.params["order"]);
  app.get(
    ROUTES.plans,
    answer(200, () => flow.plans()),
  );
  app.post(
    ROUTES.plans,
    answer(200, ({ body }) => flow.changePlan(planChange.parse(body))),
  );
  app.get(
    ROUTES.orders,
    answer(200, ({ query }) => flow.orders(ordersQuery.parse(query))),
  );
  app.post(
    ROUTES.orders,
    answer(201, ({ body }) => flow.open(newOrder.parse(body))),
  );
  app.get(
    ROUTES.order,
    answer(200, (request) => flow.order(idOf(request))),
  );
  app.post(
    ROUTES.order,
    answer(200, (request) => flow.change(idOf(request), orderChange.parse(request.body))),
  );
  app.post(
    ROUTES.orderPhotos,
    express.raw({ type: "image/*", limit: "8mb" }),
    answer(201, (request) =>
      flow.addPhoto(
        idOf(request),
        String(request.query["by"]),
        String(request.query["caption"] ?? ""),
        new Uint8Array(request.body as Buffer),
      ),
    ),
  );
  app.get(ROUTES.photo, async (request, response) => {
    const found = await flow.photo(String(request.params["hash"])).catch(() => null);
    if (found === null) return hands.refuse(response, "NOT_FOUND");
    response.type(found.media).send(Buffer.from(found.bytes));
  });
  return { lines: () => linesOf(book), changed, orders: () => [...book.orders.values()], flow };
};
