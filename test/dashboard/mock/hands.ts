/** The mock's commands and positions: whatever is sent is checked as the server would, and kept to be looked at. */
import express, { type Express, type Response } from "express";
import { commandPlan, newCommands } from "../../../server/twin/alarms/shapes.ts";
import type { RosterRow } from "../../../server/twin/delta.ts";
import { readPositions } from "../../../server/twin/positions.ts";
import type { Code } from "../../../server/twin/refusal.ts";
import { ROUTES } from "../../../server/twin/wire.ts";

export interface HandsNeeds {
  readonly roster: () => readonly RosterRow[];
  readonly refuse: (response: Response, code: Code, detail?: string) => void;
  readonly posted: unknown[];
}

export const mountHands = (app: Express, { roster, refuse, posted }: HandsNeeds): void => {
  /** Every fourth rig is said to be offline. */
  const planOf = (rigs: readonly string[]) => ({
    affected: rigs.filter((_, i) => i % 4 !== 3).map((rig) => ({ rig, dueTs: 0 })),
    held: rigs.filter((_, i) => i % 4 === 3).map((rig) => ({ rig, why: "It is offline." })),
    lastsS: 10,
  });
  app.post(ROUTES.commandPlan, (request, response) => {
    const { method, rigs } = commandPlan.parse(request.body);
    response.json({ method, ...planOf(rigs) });
  });
  app.post(ROUTES.commands, (request, response) => {
    const order = newCommands.parse(request.body);
    posted.push(order);
    const { affected, held } = planOf(order.rigs);
    response.status(201).json({ batch: "b", held, commands: affected.map(({ rig }) => ({ id: rig, rig })) });
  });
  app.post(ROUTES.positions, express.text({ type: "text/csv", limit: "4mb" }), (request, response) => {
    const { changes, same, faults } = readPositions(String(request.body), roster());
    if (faults.length > 0) return refuse(response, "REQUEST_INVALID", faults.map(({ line, says }) => `line ${line}: ${says}`).join("; "));
    posted.push(changes);
    response.json({ changed: changes.length, same });
  });
};
