/** What stands behind each route: the folded farm, the series store, the ledger. */
import { truthNow } from "./energy-truth.ts";
import type { EnergyKnown } from "../twin/energy-settings.ts";
import { createInbox } from "./inbox.ts";
import { createPositions } from "./positions.ts";
import type { z } from "zod";
import type {
  acknowledge,
  ChainInfo,
  DraftWish,
  NewRecord,
  NewTechnician,
  PartChangesQuery,
  PartReason,
  RecordDraft,
  TechnicianLine,
} from "../twin/api.ts";
import type { CommandPlan, CommandsQuery, NewCommands } from "../twin/alarms/shapes.ts";
import type { ExpectedQuery } from "../twin/alarms/watch-shapes.ts";
import type { Command, Ordered, Planned } from "../twin/commands.ts";
import { activeAlarms } from "../twin/alarms/book.ts";
import type { PastAlarms } from "../twin/alarms/history.ts";
import type { Farm } from "../twin/farm.ts";
import { fitting, type Drawn } from "../twin/gaps.ts";
import { changesOf, type PartChange } from "../twin/part-changes.ts";
import { Refused } from "../twin/refusal.ts";
import type { Act, TwinRecord } from "../twin/record.ts";
import type { RigSeriesQuery, SeriesStore, SiteSeriesQuery } from "../twin/series.ts";
import type { Alarm, SiteTotals } from "../twin/twin.ts";
import { OWN } from "../twin/wire.ts";
import { alarmsAnswer, partChangesAnswer, refusalsAnswer, rigsAnswer, twinOf, twinOfToken } from "./answers.ts";
import { createAlarmBulk } from "./alarm-bulk.ts";
import { createAlarmDesk } from "./alarm-desk.ts";
import type { createCurtail } from "./curtail.ts";
import { expectedFor } from "./expected.ts";
import type { createTrials } from "./rule-trial.ts";
import type { createProvenance } from "./provenance.ts";
import { createQuestions, type QuestionsNeeds } from "./questions.ts";
import type { createUsage } from "./usage.ts";
import type { createNotes } from "./notes.ts";
import type { createWork } from "./work.ts";
import type { Rejected } from "./rejected.ts";
import { statusAnswer, type createStatus, type IngestFigures } from "./status.ts";
import { substitutionOf, type NewSubstitute, type SubstitutionLine } from "../twin/substitution.ts";

/** Commands as the API sees them. */
interface CommandsDesk {
  readonly list: (query: CommandsQuery) => { readonly total: number; readonly open: number; readonly commands: readonly Command[] };
  readonly plan: (plan: CommandPlan) => Planned;
  readonly order: (order: NewCommands) => Promise<Ordered>;
}

export interface ApiNeeds {
  /** How the days stand, for the metrics. */
  readonly anchored: () => {
    readonly lastDay: number | null;
    readonly waitingDays: number;
    readonly checkedDays: number;
    readonly mismatchedDays: number;
  };
  readonly provenance: Pick<ReturnType<typeof createProvenance>, "days" | "day" | "bundle" | "signed">;
  readonly money: ReturnType<typeof createUsage>;
  readonly commands: CommandsDesk;
  /** Cleared alarms, all of them. */
  readonly pastAlarms: PastAlarms;
  readonly trials: ReturnType<typeof createTrials>;
  /** What the settings say of the site's energy. */
  readonly energyKnown: () => EnergyKnown;
  /** A farm's figures and its energy over time, with what stands in where no meter tells. */
  readonly totals: (farm: Farm) => SiteTotals;
  readonly energySeries: SeriesStore["energySeries"];
  readonly curtail: Pick<ReturnType<typeof createCurtail>, "curtailment" | "curtail" | "planCurtailment">;
  readonly notes: ReturnType<typeof createNotes>;
  readonly work: Pick<
    ReturnType<typeof createWork>,
    "orders" | "open" | "order" | "change" | "addPhoto" | "photo" | "plans" | "changePlan"
  >;
  readonly rejected: Pick<Rejected, "total" | "lines">;
  readonly version: string;
  readonly site: string;
  readonly farm: () => Farm;
  readonly health: ReturnType<typeof createStatus>["health"];
  readonly figures: () => IngestFigures;
  readonly store: Pick<SeriesStore, "siteSeries"> & QuestionsNeeds["store"];
  /** Appends and resolves when the entry is on disk and folded. */
  readonly write: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly addRecord: (rig: string, record: NewRecord) => Promise<TwinRecord>;
  readonly draftRecord: (rig: string, wish: DraftWish) => RecordDraft;
  readonly setTechnician: (technician: NewTechnician & { readonly by: string }) => Promise<void>;
  readonly addSubstitute: (rig: string, told: NewSubstitute) => Promise<SubstitutionLine>;
  readonly recordsOf: (rig: string) => readonly TwinRecord[];
  readonly chain: {
    /** null where the chain was never reached. */
    readonly info: () => Promise<Omit<ChainInfo, "finalDepth"> | null>;
    /** null where the chain has no such token. */
    readonly page: (tokenId: number) => Promise<{ readonly owner: `0x${string}`; readonly tokenUri: string } | null>;
    readonly finalDepth: number;
    readonly away: () => boolean;
  };
}

type Acknowledge = z.infer<typeof acknowledge>;

/** An alarm, active or cleared, by its id. */
export const alarmOf = (farm: Farm, id: string): Alarm | undefined =>
  activeAlarms(farm.alarms).find((alarm) => alarm.id === id) ?? farm.alarms.history.findLast((alarm) => alarm.id === id);

/** Builds the handlers. Each throws Refused where the request cannot be answered. */
export const createApi = (needs: ApiNeeds) => {
  const { farm, site, store, chain } = needs;
  const chainInfo = async (): Promise<ChainInfo> => {
    const info = await chain.info();
    if (info === null) throw new Refused("CHAIN_UNAVAILABLE", "The chain was not reached since the start.");
    return { ...info, finalDepth: chain.finalDepth };
  };
  const fitted = <Query extends Drawn>(query: Query): Query => fitting(query, farm().watches, farm().asOfTs);
  const technicians = (): TechnicianLine[] => [...farm().ledger.technicians].map(([address, known]) => ({ address, ...known }));
  return {
    health: needs.health,
    status: () => statusAnswer(needs.health(), farm(), needs.figures()),
    site: () => needs.totals(farm()),
    rigs: (query: Parameters<typeof rigsAnswer>[1]) => rigsAnswer(farm(), query),
    rig: (rig: string) => twinOf(farm(), rig),
    rigSeries: (query: Omit<RigSeriesQuery, "site">) => store.rigSeries({ ...query, rig: twinOf(farm(), query.rig).rig, site }),
    siteSeries: (query: Omit<SiteSeriesQuery, "site">) => store.siteSeries({ ...fitted(query), site }),
    energy: (query: Omit<SiteSeriesQuery, "site">) => needs.energySeries({ ...fitted(query), site }),
    questions: createQuestions({ site, farm, store }),
    records: (rig: string) => needs.recordsOf(twinOf(farm(), rig).rig),
    addRecord: (rig: string, record: NewRecord) => needs.addRecord(twinOf(farm(), rig).rig, record),
    draftRecord: (rig: string, wish: DraftWish) => needs.draftRecord(twinOf(farm(), rig).rig, wish),
    substitution: (rig: string) => substitutionOf(farm().ledger, twinOf(farm(), rig).rig),
    addSubstitute: (rig: string, told: NewSubstitute) => needs.addSubstitute(twinOf(farm(), rig).rig, told),
    technicians,
    setTechnician: async (technician: NewTechnician): Promise<TechnicianLine[]> => {
      await needs.setTechnician({ ...technician, by: "operator" });
      return technicians();
    },
    twinByToken: async (tokenId: number) => {
      const twin = twinOfToken(farm(), tokenId);
      const info = await chainInfo();
      // A page without owner is better than none while the chain is away: what is in the journal is shown all the same.
      const page = await chain.page(tokenId).catch(() => null);
      return {
        tokenId,
        owner: page?.owner.toLowerCase() ?? null,
        tokenUri: page?.tokenUri ?? null,
        chain: info,
        twin,
        records: needs.recordsOf(twin.rig),
        substitution: substitutionOf(farm().ledger, twin.rig),
        partChanges: changesOf(farm().parts, twin.rig),
      };
    },
    ...needs.provenance,
    alarms: (query: Parameters<typeof alarmsAnswer>[2]) => alarmsAnswer(farm(), needs.pastAlarms, query),
    acknowledge: async ({ alarm, by }: Acknowledge): Promise<Alarm> => {
      if (alarmOf(farm(), alarm) === undefined) throw new Refused("NOT_FOUND", "There is no alarm of that id.");
      const act: Act = { what: "acknowledge", alarm, by };
      await needs.write(OWN.act, new TextEncoder().encode(JSON.stringify(act)));
      return alarmOf(farm(), alarm) as Alarm;
    },
    ...needs.money,
    ...createAlarmDesk(needs),
    ...needs.trials,
    expected: (rig: string, query: ExpectedQuery) => expectedFor(farm(), store, twinOf(farm(), rig), query),
    ...createAlarmBulk(needs),
    commands: needs.commands.list,
    planCommands: needs.commands.plan,
    orderCommands: needs.commands.order,
    curtailment: needs.curtail.curtailment,
    curtail: needs.curtail.curtail,
    planCurtailment: needs.curtail.planCurtailment,
    ...needs.notes,
    orders: needs.work.orders,
    openOrder: needs.work.open,
    order: needs.work.order,
    changeOrder: needs.work.change,
    addPhoto: needs.work.addPhoto,
    photo: needs.work.photo,
    plans: needs.work.plans,
    changePlan: needs.work.changePlan,
    partChanges: (query: PartChangesQuery) => partChangesAnswer(farm(), query),
    explainPart: async ({ rig, number, reason, by }: PartReason): Promise<PartChange> => {
      const open = changesOf(farm().parts, rig)[number - 1];
      if (open === undefined || open.explained !== null)
        throw new Refused("NOT_FOUND", `Rig "${rig}" has no open question of number ${number}.`);
      const act: Act = { what: "part-reason", rig, number, reason, by };
      await needs.write(OWN.act, new TextEncoder().encode(JSON.stringify(act)));
      return changesOf(farm().parts, rig)[number - 1] as PartChange;
    },
    energyTruth: () => truthNow(farm(), needs.energyKnown()),
    ...createInbox({ farm, write: needs.write }),
    ...createPositions({ farm, write: needs.write }),
    refusals: (limit: number) => refusalsAnswer(farm(), needs.rejected, limit),
    chainInfo,
    metered: () => {
      const { ingest } = statusAnswer(needs.health(), farm(), needs.figures());
      return {
        version: needs.version,
        parts: needs.health().ports,
        ingest: { ...ingest, refusedByCode: Object.fromEntries(farm().refusedByCode) },
        totals: needs.totals(farm()),
        twins: farm().twins.values(),
        viewers: needs.figures().viewers,
        chainAway: chain.away(),
        provenance: needs.anchored(),
      };
    },
  };
};
