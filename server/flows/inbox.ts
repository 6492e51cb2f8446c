/** The inbox of topics nobody reads, and the mappings that operators make of it: acts of the journal, so that a replay agrees. */
import type { InboxAnswer, MappingPreview } from "../twin/api.ts";
import { heardOf } from "../twin/dialects/index.ts";
import { FIELDS } from "../twin/dialects/fields.ts";
import { mappingFault, type Mapping } from "../twin/dialects/mapping.ts";
import { previewOf } from "../twin/dialects/preview.ts";
import { guessesOf } from "../twin/dialects/strangers.ts";
import type { Farm } from "../twin/farm.ts";
import type { Act } from "../twin/record.ts";
import { Refused } from "../twin/refusal.ts";
import { OWN } from "../twin/wire.ts";

export interface InboxNeeds {
  readonly farm: () => Farm;
  /** Resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<void>;
}

const SAMPLE_CHARACTERS = 2_000;
const bytesOf = (act: Act): Uint8Array => new TextEncoder().encode(JSON.stringify(act));

export const createInbox = ({ farm, write }: InboxNeeds) => {
  const inbox = (): InboxAnswer => {
    const { foreign, site } = farm();
    const topics = [...foreign.strangers.values()].toReversed().map(({ topic, firstTs, lastTs, count, samples }) => {
      const newest = samples.at(-1);
      const heard = newest === undefined ? null : heardOf({ topic, payload: newest.payload, receivedTs: lastTs }, site);
      return {
        topic,
        firstTs,
        lastTs,
        count,
        kept: samples.length,
        sample: heard?.text?.slice(0, SAMPLE_CHARACTERS) ?? null,
        guesses:
          heard === null ? [] : guessesOf(topic, heard.json, heard.text).map(({ path, value, meaning }) => ({ path, value, meaning })),
      };
    });
    return {
      topics,
      mappings: foreign.mappings.map(({ by, atTs, ...mapping }) => ({
        ...mapping,
        fields: [...mapping.fields],
        by: by ?? null,
        atTs: atTs ?? null,
      })),
      fields: { ...FIELDS },
    };
  };
  return {
    inbox,
    previewMapping: (mapping: Mapping): MappingPreview => {
      const fault = mappingFault(mapping);
      if (fault !== null) throw new Refused(fault.code, fault.detail);
      return previewOf(mapping, farm().foreign.strangers, farm().site);
    },
    map: async (mapping: Mapping, by: string): Promise<InboxAnswer> => {
      const fault = mappingFault(mapping);
      if (fault !== null) throw new Refused(fault.code, fault.detail);
      await write(OWN.act, bytesOf({ what: "map", mapping, by }));
      return inbox();
    },
    unmap: async (topic: string, by: string): Promise<InboxAnswer> => {
      if (!farm().foreign.mappings.some((mapping) => mapping.topic === topic))
        throw new Refused("NOT_FOUND", "There is no mapping of that topic.");
      await write(OWN.act, bytesOf({ what: "unmap", topic, by }));
      return inbox();
    },
  };
};
