/** What waits to be mapped, and the mappings made of it. */
import { Router } from "express";
import type { InboxAnswer, MappingPreview } from "../../../server/twin/api.ts";
import { FIELDS } from "../../../server/twin/dialects/fields.ts";
import { heardOf } from "../../../server/twin/dialects/index.ts";
import type { Mapping } from "../../../server/twin/dialects/mapping.ts";
import { previewOf } from "../../../server/twin/dialects/preview.ts";
import { guessesOf, noteStranger, type Strangers } from "../../../server/twin/dialects/strangers.ts";
import { ROUTES } from "../../../server/twin/wire.ts";

const SAMPLES: Readonly<Record<string, unknown>> = {
  "shed/7/values": {
    hr: 198_500,
    watt: 3_512,
    tempChip: 71.5,
    fan: { rpm1: 5_880 },
    pool: { url: "stratum+tcp://one.example:3333" },
    ok: true,
  },
  "shed/8/values": {
    hr: 196_200,
    watt: 3_498,
    tempChip: 69,
    fan: { rpm1: 5_790 },
    pool: { url: "stratum+tcp://one.example:3333" },
    ok: true,
  },
  "barn/pump/flow": { l_per_min: 42.5 },
};

export const inboxPages = (now: () => number): Router => {
  const strangers: Strangers = new Map();
  for (const [topic, sample] of Object.entries(SAMPLES)) {
    const payload = new TextEncoder().encode(JSON.stringify(sample));
    noteStranger(strangers, heardOf({ topic, payload, receivedTs: now() - 4_000 }, "farm"));
  }
  const mappings: InboxAnswer["mappings"] = [
    {
      topic: "yard/+/power",
      rig: "yard-{1}",
      as: "meter",
      fields: [{ path: "$", field: "powerW", factor: 1 }],
      by: "T-014",
      atTs: now() - 86_400_000,
    },
  ];
  const inbox = (): InboxAnswer => ({
    topics: [...strangers.values()].toReversed().map(({ topic, firstTs, lastTs, count, samples }) => {
      const heard = heardOf({ topic, payload: samples.at(-1)?.payload ?? new Uint8Array(), receivedTs: lastTs }, "farm");
      return {
        topic,
        firstTs,
        lastTs,
        count,
        kept: samples.length,
        sample: heard.text,
        guesses: [...guessesOf(topic, heard.json, heard.text)],
      };
    }),
    mappings,
    fields: { ...FIELDS },
  });
  const router = Router();
  router.get(ROUTES.inbox, (_, response) => void response.json(inbox()));
  router.post(ROUTES.previewMapping, (request, response) => {
    const preview: MappingPreview = previewOf(request.body as Mapping, strangers, "farm");
    response.json(preview);
  });
  router.post(ROUTES.inbox, (request, response) => {
    const told = request.body as Mapping & { by: string };
    mappings.unshift({ ...told, fields: [...told.fields], atTs: now() });
    for (const { topic } of previewOf(told, strangers, "farm").newest) strangers.delete(topic);
    response.json(inbox());
  });
  router.post(ROUTES.unmap, (request, response) => {
    mappings.splice(
      mappings.findIndex(({ topic }) => topic === (request.body as { topic: string }).topic),
      1,
    );
    response.json(inbox());
  });
  return router;
};
