import { afterEach, describe, expect, test } from "@jest/globals";
import { TABLE } from "../../server/edge/http/routes.ts";
import { RIGHTS, ROLES, type Who } from "../../server/twin/rights.ts";
import { pathOf } from "../../server/twin/wire.ts";
import { ask, startHttp, stopAll } from "./http/farm.ts";

afterEach(stopAll);

const SOMEWHERE = {
  rig: "rig-0001",
  tokenId: 7,
  day: "2025-11-11",
  id: "none",
  person: 999,
  device: "none",
  channel: "none",
  order: "WO-1",
  hash: "0".repeat(64),
};
const WHO: readonly Who[] = ["public", ...ROLES];
describe("the whole table, as each role, with a session and with a token", () => {
  test.each(WHO)("%s", async (who) => {
    const http = await startHttp({ localRole: null, attempts: { each: 1e6, all: 1e6, windowMs: 1 } });
    const secrets = who === "public" ? null : await http.house.somebody(who);
    const ways: Record<string, string>[] =
      secrets === null ? [{}] : [{ cookie: `rigtwin_session=${secrets.session}` }, { authorization: `Bearer ${secrets.token}` }];
    for (const headers of ways)
      for (const route of TABLE) {
        // Ends the session that the others need.
        if (route.id === "logout") continue;
        const heard = await ask(http.port, pathOf(route.path, SOMEWHERE), {
          method: route.method.toUpperCase(),
          headers,
          ...(route.body === null ? {} : { body: "{}" }),
        });
        const granted = RIGHTS[route.id]?.includes(who) || RIGHTS[route.id]?.includes("public");
        const shut = heard.status === 401 || heard.status === 403;
        // A login with an empty body is let through to the schema, which refuses it.
        expect([who, route.id, shut]).toEqual([who, route.id, !granted]);
        if (!granted) expect(heard.code()).toBe(who === "public" ? "LOGIN_REQUIRED" : "FORBIDDEN");
      }
  });
});
