/** What waits to be mapped, the mappings made of it, and where the energy's figures come from. */
import { Router } from "express";
import type { EnergyTruthAnswer, InboxAnswer, MappingPreview } from "../../../server/twin/api.ts";
import { FIELDS } from "../../../server/twin/dialects/fields.ts";
import { heardOf } from "../../../server/twin/dialects/index.ts";
import type { Mapping } from "../../../server/twin/dialects/mapping.ts";
import { previewOf } from "../../../server/twin/dialects/preview.ts";
import { guessesOf, noteStranger, type Strangers } from "../../../server/twin/dialects/strangers.ts";
import { energyTruth } from "../../../server/twin/energy-truth.ts";
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
  router.get(ROUTES.energyTruth, (_, response) => void response.json(truthOf(now())));
  return router;
};

const truthOf = (asOfTs: number): EnergyTruthAnswer => ({
  asOfTs,
  ...energyTruth(
    { meteredW: 221_400, mix: { grid: 0.55, solar: 0.35, battery: 0.1 }, gridGco2ePerKwh: 412, pricePerKwh: 0.062 },
    Array.from({ length: 60 }, (_, i) => ({
      rig: `a-r${1 + Math.floor(i / 12)}-${String(1 + (i % 12)).padStart(2, "0")}`,
      said: {
        meter: i % 9 === 0 ? 3_560 + i : null,
        pdu: i % 5 === 0 ? 3_540 + i : null,
        miner: i % 11 === 3 ? null : 3_480 + i,
        custom: i % 11 === 3 && i > 20 ? 3_450 : null,
        nameplate: 3_500,
      },
      hashrateThs: 195 + (i % 8),
    })),
  ),
  from: { mix: "plan", carbon: "feed", price: "setting" },
  settings: {
    plan: [
      { fromMinute: 360, shares: { solar: 60, grid: 30, battery: 10 } },
      { fromMinute: 1_170, shares: { grid: 1 } },
    ],
    pricePerKwh: 0.062,
    gridGco2ePerKwh: null,
    rigsW: { "a-r1-04": 3_450 },
    modelsW: { "antminer-s21": 3_500 },
    feed: { values: 168, fromTs: asOfTs - 7 * 86_400_000, toTs: asOfTs - 1_800_000 },
  },
});
