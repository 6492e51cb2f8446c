/** Auradine's Teraflux by cgminer's port. Read only: its orders go by a web API of its own. */
import { askAll, rpcQuestions } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

export const auradine: Driver = {
  format: "auradine",
  claims: ({ version, web }) => (/gcminer|fluxos/i.test(version) ? 96 : /miner ui/i.test(web?.text ?? "") ? 60 : 0),
  usual: { username: "admin", password: "admin" },
  open: (link) => ({
    read: (depth) =>
      askAll(
        rpcQuestions(link, [
          "summary",
          "devs",
          "pools",
          "psu",
          "fan",
          "temperature",
          "mode",
          "asccount",
          ...(depth === "whole" ? ["version", "ipreport", "devdetails"] : []),
        ]),
      ),
    tell: async (request) => cannot("Auradine's cgminer port", request),
  }),
};
