import { expect, test } from "@jest/globals";
import { TABLE } from "../../server/edge/http/routes.ts";
import { may, RIGHTS, type Principal } from "../../server/twin/rights.ts";
import { EVENTS } from "../../server/twin/wire.ts";

/** What a viewer sends; everything else is the server's. */
const HEARD = [EVENTS.watch, EVENTS.ack, EVENTS.resync, EVENTS.control, EVENTS.here];

test("the table names every route and every event that is heard, and nothing else", () => {
  expect(Object.keys(RIGHTS).toSorted()).toEqual([...TABLE.map(({ id }) => id), ...HEARD.map((event) => `live:${event}`)].toSorted());
});

test("what is not in the table is denied to everybody", () => {
  const admin: Principal = { person: 1, key: null, name: "admin", role: "admin", scopes: null };
  for (const right of ["", "nothing", "constructor", "__proto__", "toString"])
    expect([may(admin, right, false), may(null, right, false)]).toEqual([false, false]);
});
