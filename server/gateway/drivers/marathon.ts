/** MARA's firmware on Antminers: HTTP Digest, `/kaonsu/v1`. */
import { createDigest } from "../ask/http.ts";
import { askAll, goodBody, taken } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

const ROUND = ["brief", "hashboards", "fans", "pools"];
const WHOLE = ["overview", "details", "event_chart"];

export const marathon: Driver = {
  format: "marathon",
  claims: ({ version, web }) => (/kaonsu|marafw/i.test(version) || /marafw|kaonsu/i.test(web?.text ?? "") ? 93 : 0),
  usual: { username: "root", password: "root" },
  open: (link, credentials) => {
    const ask = createDigest(link.http, credentials);
    const order = async (path: string, json: unknown): Promise<string> =>
      taken(await ask({ method: "POST", path: `/kaonsu/v1/${path}`, json }), path);
    return {
      read: (depth) =>
        askAll(
          Object.fromEntries(
            [...ROUND, ...(depth === "whole" ? WHOLE : [])].map((path) => [path, () => ask({ path: `/kaonsu/v1/${path}` }).then(goodBody)]),
          ),
        ),
      tell: async (request) => {
        switch (request.method) {
          case "reboot":
            return order("maintenance", { type: "reboot" });
          case "locate":
            return order("locate_miner", { blinking: request.args.on });
          case "pause":
          case "resume":
          case "power-target":
          case "fan-mode":
          case "pools":
            return cannot("MARA's firmware", request);
        }
      },
    };
  },
};
