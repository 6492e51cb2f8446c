/** The server's figures in Prometheus' text format. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { RIG_STATES, SEVERITIES } from "../../twin/twin.ts";
import { racksOf, type RackNow } from "../../twin/racks.ts";
import type { Metered } from "./handlers.ts";

/** Above this many rigs a series per rig would weigh more on the scraper than it tells. */
export const MOST_RIG_SERIES = 2_000;
/** More racks than that have no series of their own. */
export const MOST_RACK_SERIES = 1_000;

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number | null, labels?: Labels];

/** Builds the registry. `read` is called once a scrape. A figure that nobody measured is left out, never shown as 0. */
export const createMetrics = (read: () => Metered) => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let now: Metered | null = null;
  /** Summed up once a scrape. */
  let racks: readonly RackNow[] = [];

  const gauge = (name: string, help: string, labelNames: readonly string[], samples: (now: Metered) => Iterable<Sample>): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        // Without labels prom-client's reset leaves a 0 behind.
        if (labelNames.length === 0) this.remove();
        for (const [value, labels] of now === null ? [] : samples(now)) if (value !== null) this.set(labels ?? {}, value);
      },
    });
  };
  const counter = (name: string, help: string, labelNames: readonly string[], samples: (now: Metered) => Iterable<Sample>): void => {
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        // Counted elsewhere: the whole is set, not what was added.
        this.reset();
        for (const [value, labels] of now === null ? [] : samples(now)) if (value !== null) this.inc(labels ?? {}, value);
      },
    });
  };
  const one =
    (value: (now: Metered) => number | null) =>
    (at: Metered): Sample[] => [[value(at)]];
  const eachRig = (value: (twin: Metered["twins"] extends Iterable<infer T> ? T : never) => number | null) =>
    function* samples({ twins, totals }: Metered): Generator<Sample> {
      if (totals.rigs > MOST_RIG_SERIES) return;
      for (const twin of twins) {
        const model = twin.modelId ?? twin.identity.model ?? "unknown";
        yield [twin.state === "offline" ? null : value(twin), { site: totals.site, rig: twin.rig, model }];
      }
    };
  const RACK_LABELS = ["site", "container", "rack"];
  const eachRack = (value: (rack: RackNow) => number | null) =>
    function* samples({ totals }: Metered): Generator<Sample> {
      for (const rack of racks) yield [value(rack), { site: totals.site, container: rack.container, rack: rack.rack }];
    };
  const RIG_LABELS = ["site", "rig", "model"];

  gauge("rigtwin_build_info", "Version of the server", ["version"], ({ version }) => [[1, { version }]]);

  counter(
    "rigtwin_messages_accepted_total",
    "Readings accepted",
    [],
    one(({ ingest }) => ingest.accepted),
  );
  counter("rigtwin_messages_refused_total", "Messages refused, by code", ["code"], ({ ingest }) =>
    Object.entries(ingest.refusedByCode).map(([code, count]) => [count, { code }]),
  );
  counter(
    "rigtwin_messages_duplicate_total",
    "Readings that came again and changed nothing",
    [],
    one(({ ingest }) => ingest.duplicates),
  );
  counter(
    "rigtwin_messages_late_total",
    "Readings that came after a newer one",
    [],
    one(({ ingest }) => ingest.late),
  );
  gauge(
    "rigtwin_journal_size_bytes",
    "Size of the journal on disk",
    [],
    one(({ ingest }) => ingest.journalBytes),
  );
  gauge(
    "rigtwin_journal_head_position",
    "Newest position in the journal",
    [],
    one(({ ingest }) => ingest.headPos),
  );
  gauge(
    "rigtwin_folded_position",
    "Position up to which the twins stand",
    [],
    one(({ ingest }) => ingest.foldedPos),
  );
  gauge(
    "rigtwin_stored_position",
    "Position up to which the series store lacks nothing",
    [],
    one(({ ingest }) => ingest.storedPos),
  );
  gauge(
    "rigtwin_store_lag_seconds",
    "How far the series store is behind",
    [],
    one(({ ingest }) => ingest.storeLagS),
  );

  gauge(
    "rigtwin_journal_damaged_entries",
    "Entries of the journal that were found damaged and set aside; anything but 0 is an alarm",
    [],
    one(({ ingest }) => ingest.damagedEntries),
  );
  gauge("rigtwin_part_up", "1 while a part of the server works; journal 0: nothing is acknowledged", ["part"], ({ parts }) =>
    Object.entries(parts).map(([part, { status }]) => [status === "ok" ? 1 : 0, { part }]),
  );

  gauge(
    "rigtwin_viewers",
    "Open live views",
    [],
    one(({ viewers }) => viewers),
  );
  gauge(
    "rigtwin_chain_away",
    "1 while the chain does not answer",
    [],
    one(({ chainAway }) => (chainAway ? 1 : 0)),
  );
  gauge(
    "rigtwin_anchored_day",
    "Newest UTC day on the chain, days since 1970",
    [],
    one(({ provenance }) => provenance.lastDay),
  );
  gauge(
    "rigtwin_anchor_waiting_days",
    "Sealed days that are not yet on the chain",
    [],
    one(({ provenance }) => provenance.waitingDays),
  );
  counter(
    "rigtwin_monitor_checked_total",
    "Anchored days that were verified again against the chain",
    [],
    one(({ provenance }) => provenance.checkedDays),
  );
  gauge(
    "rigtwin_monitor_mismatches",
    "Anchored days that contradict the chain; anything but 0 is an alarm",
    [],
    one(({ provenance }) => provenance.mismatchedDays),
  );
  gauge("rigtwin_alarms_active", "Active alarms, by severity", ["severity"], ({ totals }) =>
    SEVERITIES.map((severity) => [totals.activeAlarms[severity], { severity }]),
  );

  gauge("rigtwin_rigs", "Rigs, by state", ["state"], ({ totals }) => RIG_STATES.map((state) => [totals.byState[state], { state }]));
  gauge("rigtwin_site_hashrate_ths", "Sum of the rigs' hashrates, TH/s", ["site"], ({ totals }) => [
    [totals.hashrateThs, { site: totals.site }],
  ]);
  gauge("rigtwin_site_reported_watts", "Sum of what the rigs report, W", ["site"], ({ totals }) => [
    [totals.reportedW, { site: totals.site }],
  ]);
  gauge("rigtwin_site_metered_watts", "What the site's meter says, W", ["site"], ({ totals }) => [
    [totals.meteredW, { site: totals.site }],
  ]);
  gauge("rigtwin_site_source_watts", "Power by source, W", ["site", "source"], ({ totals }) =>
    Object.entries(totals.sourcesW).map(([source, watts]) => [watts, { site: totals.site, source }]),
  );
  gauge("rigtwin_site_board_max_celsius", "Hottest board", ["site"], ({ totals }) => [[totals.hottestBoardC, { site: totals.site }]]);
  gauge("rigtwin_site_chip_max_celsius", "Hottest chip", ["site"], ({ totals }) => [[totals.hottestChipC, { site: totals.site }]]);

  gauge(
    "rigtwin_rack_hashrate_ths",
    "Sum of the hashrates of a rack's rigs, TH/s",
    RACK_LABELS,
    eachRack(({ hashrateThs }) => hashrateThs),
  );
  gauge(
    "rigtwin_rack_power_watts",
    "Sum of what a rack's rigs report, W",
    RACK_LABELS,
    eachRack(({ reportedW }) => reportedW),
  );
  gauge(
    "rigtwin_rack_board_max_celsius",
    "Hottest board of a rack",
    RACK_LABELS,
    eachRack(({ hottestBoardC }) => hottestBoardC),
  );
  gauge(
    "rigtwin_rack_chip_max_celsius",
    "Hottest chip of a rack",
    RACK_LABELS,
    eachRack(({ hottestChipC }) => hottestChipC),
  );
  gauge(
    "rigtwin_rack_rigs",
    "Rigs of a rack",
    RACK_LABELS,
    eachRack(({ rigs }) => rigs),
  );
  gauge(
    "rigtwin_rack_rigs_hashing",
    "Rigs of a rack that hash",
    RACK_LABELS,
    eachRack(({ hashing }) => hashing),
  );
  gauge(
    "rigtwin_rig_hashrate_ths",
    "Hashrate of a rig, TH/s",
    RIG_LABELS,
    eachRig(({ latest }) => latest.hashrateThs),
  );
  gauge(
    "rigtwin_rig_power_watts",
    "Power of a rig, W",
    RIG_LABELS,
    eachRig(({ latest }) => latest.powerW),
  );
  gauge(
    "rigtwin_rig_board_celsius",
    "Hottest board of a rig",
    RIG_LABELS,
    eachRig(({ latest }) => latest.boardC),
  );

  const requests = new Histogram({
    name: "rigtwin_http_request_duration_seconds",
    help: "Time to answer, by route",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });

  return {
    /** The whole exposition. */
    async text(): Promise<string> {
      const told = read();
      // the twins can be gone through once only: a caller may hand them out as they come
      const mine = { ...told, twins: [...told.twins] };
      now = mine;
      racks = racksOf(mine.twins, MOST_RACK_SERIES);
      try {
        return await registry.metrics();
      } finally {
        // Kept until the next scrape they would hold every rig's figures of this one. Another scrape may have begun.
        if (now === mine) now = null;
      }
    },
    /** Takes note of an answered request. `route` is a line of the table, so that strangers cannot make up labels. */
    answered: (method: string, route: string, status: number, seconds: number): void =>
      requests.observe({ method, route, status: String(status) }, seconds),
  };
};
