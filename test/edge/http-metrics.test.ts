import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createMetrics, MOST_RIG_SERIES } from "../../server/edge/http/metrics.ts";
import type { Handlers } from "../../server/edge/http/handlers.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { ask, farm, startHttp, stopAll, TOTALS, TWIN } from "./http/farm.ts";

afterEach(stopAll);

type Metered = ReturnType<Handlers["metered"]>;
const scraped = async (change: (metered: Metered) => Partial<Metered> = () => ({})): Promise<Map<string, string>> => {
  const metered = farm().metered();
  const { port } = await startHttp({ handlers: { ...farm(), metered: () => ({ ...metered, ...change(metered) }) } });
  await ask(port, "/api/v1/rigs/rig-9");
  return samplesOf((await ask(port, ROUTES.metrics)).text);
};
const samplesOf = (text: string): Map<string, string> =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), line.slice(line.lastIndexOf(" ") + 1)]),
  );

/** Scrapes once with a twin of its own and gives that twin, held by nobody here. */
const scrapedOnce = async (): Promise<{ metrics: ReturnType<typeof createMetrics>; twin: WeakRef<object> }> => {
  let twins = [{ ...TWIN }];
  const twin = new WeakRef(twins[0] as object);
  const metered = farm().metered();
  const metrics = createMetrics(() => ({ ...metered, twins }));
  expect(await metrics.text()).toContain('rig="rig-0001"');
  twins = [];
  return { metrics, twin };
};

describe("/metrics", () => {
  test("holds no rig's figures between two scrapes, and scrapes again", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { metrics, twin } = await scrapedOnce();
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(twin.deref()).toBeUndefined();
    const both = await Promise.all([metrics.text(), metrics.text()]);
    for (const text of both) expect(text).toContain("rigtwin_viewers 2");
  });

  test("shows every figure under its name", async () => {
    const samples = await scraped();
    const rig = '{site="farm",rig="rig-0001",model="antminer-s19-pro"}';
    expect(Object.fromEntries([...samples].filter(([name]) => name.startsWith("rigtwin_") && !name.includes("_http_")))).toEqual({
      'rigtwin_build_info{version="1.2.3"}': "1",
      rigtwin_messages_accepted_total: "4",
      'rigtwin_messages_refused_total{code="PAYLOAD_NOT_JSON"}': "1",
      rigtwin_messages_duplicate_total: "1",
      rigtwin_messages_late_total: "0",
      rigtwin_journal_size_bytes: "4096",
      rigtwin_journal_head_position: "9",
      rigtwin_folded_position: "9",
      rigtwin_stored_position: "8",
      rigtwin_store_lag_seconds: "1.5",
      rigtwin_journal_damaged_entries: "0",
      'rigtwin_part_up{part="journal"}': "1",
      'rigtwin_part_up{part="series"}': "0",
      rigtwin_viewers: "2",
      rigtwin_chain_away: "0",
      rigtwin_anchored_day: "20402",
      rigtwin_anchor_waiting_days: "1",
      rigtwin_monitor_checked_total: "5",
      rigtwin_monitor_mismatches: "0",
      'rigtwin_alarms_active{severity="info"}': "0",
      'rigtwin_alarms_active{severity="minor"}': "0",
      'rigtwin_alarms_active{severity="major"}': "1",
      'rigtwin_alarms_active{severity="critical"}': "0",
      ...Object.fromEntries(Object.entries(TOTALS.byState).map(([state, rigs]) => [`rigtwin_rigs{state="${state}"}`, String(rigs)])),
      'rigtwin_site_hashrate_ths{site="farm"}': "104.5",
      'rigtwin_site_reported_watts{site="farm"}': "3068",
      'rigtwin_site_metered_watts{site="farm"}': "3150",
      'rigtwin_site_source_watts{site="farm",source="grid"}': "2000",
      'rigtwin_site_source_watts{site="farm",source="solar"}': "1150",
      'rigtwin_site_board_max_celsius{site="farm"}': "61",
      ...(TWIN.position === null
        ? {}
        : Object.fromEntries(
            Object.entries({ hashrate_ths: "104.5", power_watts: "3068", board_max_celsius: "61", rigs: "1", rigs_hashing: "1" }).map(
              ([name, value]) => [
                `rigtwin_rack_${name}{site="farm",container="${TWIN.position?.container}",rack="${TWIN.position?.rack}"}`,
                value,
              ],
            ),
          )),
      [`rigtwin_rig_hashrate_ths${rig}`]: "104.5",
      [`rigtwin_rig_power_watts${rig}`]: "3068",
      [`rigtwin_rig_board_celsius${rig}`]: "61",
    });
    expect(samples.get('rigtwin_http_request_duration_seconds_count{method="GET",route="/api/v1/rigs/:rig",status="404"}')).toBe("1");
    expect([...samples.keys()]).toEqual(
      expect.arrayContaining([expect.stringMatching(/^process_cpu_seconds_total/), expect.stringMatching(/^nodejs_eventloop_lag_seconds/)]),
    );
  });

  test("what nobody measured is not shown as 0", async () => {
    const samples = await scraped(() => ({
      totals: { ...TOTALS, meteredW: null, hottestBoardC: null, hottestChipC: null },
      twins: [{ ...TWIN, latest: { ...TWIN.latest, boardC: null } }],
    }));
    expect([...samples.keys()].filter((name) => /metered|board|chip/.test(name))).toEqual([]);
  });

  test("an offline rig shows no figures, and one without a model has a label all the same", async () => {
    const samples = await scraped(() => ({
      twins: [
        { ...TWIN, rig: "gone", state: "offline" as const },
        { ...TWIN, rig: "plain", modelId: null, identity: { ...TWIN.identity, model: null } },
      ],
    }));
    expect([...samples.keys()].filter((name) => name.includes("rigtwin_rig_hashrate"))).toEqual([
      'rigtwin_rig_hashrate_ths{site="farm",rig="plain",model="unknown"}',
    ]);
  });

  test("a farm of many rigs shows no series for each", async () => {
    const samples = await scraped(() => ({ totals: { ...TOTALS, rigs: MOST_RIG_SERIES + 1 } }));
    expect([...samples.keys()].filter((name) => name.startsWith("rigtwin_rig_"))).toEqual([]);
    expect(samples.get('rigtwin_site_hashrate_ths{site="farm"}')).toBe("104.5");
  });

  test("a second scrape shows how it is then, not the sum of both; a rig that left is gone", async () => {
    let metered = farm().metered();
    const { port } = await startHttp({ handlers: { ...farm(), metered: () => metered } });
    await ask(port, ROUTES.metrics);
    metered = { ...metered, ingest: { ...metered.ingest, accepted: 6 }, twins: [] };
    const samples = samplesOf((await ask(port, ROUTES.metrics)).text);
    expect(samples.get("rigtwin_messages_accepted_total")).toBe("6");
    expect(samples.get('rigtwin_messages_refused_total{code="PAYLOAD_NOT_JSON"}')).toBe("1");
    expect([...samples.keys()].filter((name) => name.startsWith("rigtwin_rig_"))).toEqual([]);
  });

  test("two servers in one process do not mix their figures", async () => {
    const [one, other] = [await startHttp(), await startHttp()];
    await ask(one.port, ROUTES.health);
    expect((await ask(other.port, ROUTES.metrics)).text).not.toContain(`route="${ROUTES.health}"`);
  });

  test("the Grafana dashboard asks for series that there are, by labels that they have", async () => {
    const { port } = await startHttp();
    await ask(port, "/api/v1/rigs/rig-9");
    const { text } = await ask(port, ROUTES.metrics);
    const names = new Set(
      [...text.matchAll(/^# TYPE (rigtwin_\w+) (\w+)/gm)].flatMap(([, name = "", type]) =>
        type === "histogram" ? [`${name}_bucket`] : [name],
      ),
    );
    const labelsOf = (name: string): Set<string> =>
      new Set(
        [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} `, "gm"))].flatMap(([, all = ""]) =>
          [...all.matchAll(/(\w+)="/g)].map(([, label = ""]) => label),
        ),
      );
    const dashboard = JSON.parse(readFileSync(join(import.meta.dirname, "../../docs/grafana.json"), "utf8")) as {
      readonly panels: readonly {
        readonly title: string;
        readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
      }[];
      readonly templating: { readonly list: readonly { readonly definition?: string }[] };
    };
    const asked = dashboard.panels.flatMap(({ targets = [] }) => targets);
    const exprs = [...asked.map(({ expr }) => expr), ...dashboard.templating.list.flatMap(({ definition }) => definition ?? [])];
    const used = new Set<string>();
    for (const expr of exprs)
      for (const [, name = "", filter = ""] of expr.matchAll(/(rigtwin_\w+)(?:\{([^}]*)\})?/g)) {
        used.add(name);
        expect([name, names.has(name)]).toEqual([name, true]);
        // a series that has no sample here shows no labels
        const labels = labelsOf(name);
        if (labels.size > 0)
          for (const [, label = ""] of filter.matchAll(/(\w+)=/g)) expect([name, label, labels.has(label)]).toEqual([name, label, true]);
      }
    for (const { expr, legendFormat = "" } of asked) {
      const labels = labelsOf(/rigtwin_\w+/.exec(expr)?.[0] ?? "");
      if (labels.size > 0)
        for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect([expr, label, labels.has(label)]).toEqual([expr, label, true]);
    }
    // what is measured of site, racks and rigs is all shown
    expect([...names].filter((name) => /^rigtwin_(?:site|rack|rig)_/.test(name) && !used.has(name))).toEqual([]);
  });
});
