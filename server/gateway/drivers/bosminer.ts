/** Braiins OS by cgminer's port alone: where its web server is closed or the password is another. Read only. */
import { askAll, rpcQuestions } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

export const bosminer: Driver = {
  format: "bosminer",
  claims: ({ version }) => (/BOSminer|BOSer/i.test(version) ? 80 : 0),
  usual: { username: "root", password: "root" },
  open: (link) => ({
    read: (depth) =>
      askAll(
        rpcQuestions(link, [
          "summary",
          "devs",
          "temps",
          "fans",
          "pools",
          "tunerstatus",
          ...(depth === "whole" ? ["devdetails", "version"] : []),
        ]),
      ),
    tell: async (request) => cannot("Braiins OS on cgminer's port", request),
  }),
};
