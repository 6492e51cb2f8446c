/** The mock's comments, mentions and handed-over notes: the real flow and the real fold, in memory. */
import type { Express, Request, Response } from "express";
import { createNotes } from "../../../server/flows/notes.ts";
import type { Incident } from "../../../server/twin/alarms/incident.ts";
import { newFarm, type Farm } from "../../../server/twin/farm.ts";
import { foldNote } from "../../../server/twin/notes/book.ts";
import * as shapes from "../../../server/twin/notes/shapes.ts";
import type { Order } from "../../../server/twin/orders/shapes.ts";
import { Refused, type Code } from "../../../server/twin/refusal.ts";
import type { Twin } from "../../../server/twin/twin.ts";
import { ROUTES } from "../../../server/twin/wire.ts";

export interface NotesHands {
  readonly now: () => number;
  readonly site: string;
  readonly twins: () => ReadonlyMap<string, Twin>;
  readonly incidents: () => readonly Incident[];
  readonly orders: () => readonly Order[];
  /** Who asks; null for a caller of this machine. */
  readonly account: () => string | null;
  readonly refuse: (response: Response, code: Code, detail?: string) => void;
}
export interface MockNotes {
  readonly flow: ReturnType<typeof createNotes>;
  readonly count: () => number;
}

export const mountNotes = (app: Express, hands: NotesHands): MockNotes => {
  const kept = newFarm(hands.site);
  const farm = (): Farm => {
    kept.alarms.incidents.clear();
    for (const incident of hands.incidents()) kept.alarms.incidents.set(incident.id, incident);
    kept.work.orders.clear();
    for (const order of hands.orders()) kept.work.orders.set(order.id, order);
    return { ...kept, twins: hands.twins() as Farm["twins"] };
  };
  const flow = createNotes({
    now: hands.now,
    farm,
    write: async (_topic, payload) => foldNote(farm(), JSON.parse(new TextDecoder().decode(payload)) as shapes.NoteNews, hands.now()),
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
  app.get(
    ROUTES.comments,
    answer(200, ({ query }) => flow.comments(shapes.commentsQuery.parse(query))),
  );
  app.post(
    ROUTES.comments,
    answer(201, ({ body }) => flow.addComment(shapes.newComment.parse(body))),
  );
  app.get(
    ROUTES.mentions,
    answer(200, ({ query }) => flow.mentions(hands.account() ?? shapes.mentionsQuery.parse(query).name)),
  );
  app.post(
    ROUTES.mentions,
    answer(200, ({ body }) => flow.seeMentions(shapes.seenMentions.parse(body))),
  );
  app.get(
    ROUTES.handovers,
    answer(200, ({ query }) => flow.handovers(shapes.handoversQuery.parse(query).limit)),
  );
  app.post(
    ROUTES.handovers,
    answer(201, ({ body }) => flow.addHandover(shapes.newHandover.parse(body))),
  );
  return { flow, count: () => kept.notes.told };
};
