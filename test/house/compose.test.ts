/** What Docker would find wrong, found without it; and that the words in it are the words of the sources. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { readConfig, SETTINGS } from "../../server/config.ts";
import { BOARD_FIELDS, ENERGY_FIELDS, RIG_FIELDS } from "../../server/twin/series.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
}
const compose = parse(read("docker-compose.yml")) as { services: Record<string, Service>; volumes: Record<string, null> };
const services = Object.entries(compose.services);

/** `${NAME:?…}` and `${NAME:-default}` filled in as the shell would. */
const filled = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(/\$\{(\w+)(?::([?-])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) => env[name] ?? (kind === "-" ? rest : ""));

describe("docker-compose.yml", () => {
  test("has a broker, InfluxDB, Grafana, a chain node and the server", () => {
    expect(services.map(([name]) => name)).toEqual(["mosquitto", "influxdb", "grafana", "chain", "server"]);
  });

  test.each(services)("%s: pinned, checked, restarted, on this machine only", (_name, service) => {
    expect(service.image).toMatch(/^[a-z0-9./-]+:\d+\.\d+(\.\d+)?$/);
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.restart).toBe("unless-stopped");
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(Object.keys(compose.services)).toContain(needed);
      expect(condition).toBe("service_healthy");
    }
  });

  test("every mounted file is there, every named volume declared and used", () => {
    const sources = services.flatMap(([, service]) => (service.volumes ?? []).map((volume) => volume.split(":")[0] ?? ""));
    for (const source of sources.filter((one) => one.startsWith(".")))
      expect([source, existsSync(join(root, source))]).toEqual([source, true]);
    expect(sources.filter((one) => !one.startsWith(".")).toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });

  test("no secret has a default", () => {
    const secrets = services
      .flatMap(([, { environment }]) => Object.entries(environment ?? {}))
      .filter(([name]) => /PASSWORD$|KEY$/.test(name));
    expect(secrets.length).toBeGreaterThan(4);
    for (const [name, value] of secrets) expect([name, value]).toEqual([name, expect.stringMatching(/^\$\{\w+:\?[^}]+\}$/)]);
    for (const [, { environment }] of services)
      for (const value of Object.values(environment ?? {}))
        if (value.includes("@")) expect(value).toMatch(/\/\/rigtwin:\$\{\w+:\?[^}]+\}@/);
  });

  test("the server's variables are settings of ours, and with secrets filled in they are accepted", () => {
    const env = compose.services["server"]?.environment ?? {};
    const known: string[] = Object.values(SETTINGS).map(({ variable }) => variable);
    expect(Object.keys(env).filter((name) => !known.includes(name))).toEqual([]);
    const secrets = { MQTT_PASSWORD: "m", INFLUX_PASSWORD: "i", RIGTWIN_PASSWORD: "r", CHAIN_KEY: `0x${"1".repeat(64)}` };
    const given = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, filled(value, secrets)]));
    expect(readConfig([], given)).toMatchObject({
      mqttUrl: "mqtt://rigtwin:m@mosquitto:1883",
      influxUrl: "http://rigtwin:i@influxdb:8086/rigtwin",
      rpcUrl: "http://chain:8545",
    });
  });

  test("its programs are files that the build makes", () => {
    const programs = [...(compose.services["chain"]?.command ?? []), ...read("Dockerfile").split(/["\s]+/)].filter((word) =>
      /^build\/.*\.js$/.test(word),
    );
    expect(programs.length).toBe(2);
    for (const program of programs) expect(existsSync(join(root, program.replace(/^build\//, "").replace(/\.js$/, ".ts")))).toBe(true);
  });
});

describe("the Grafana dashboard", () => {
  interface Panel {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly query: string; readonly datasource: { readonly uid: string } }[];
  }
  const dashboard = JSON.parse(read(".compose/grafana/dashboards/rigtwin-site.json")) as { panels: Panel[] };
  const source = parse(read(".compose/grafana/provisioning/datasources/influxdb.yml")) as {
    datasources: { uid: string; url: string; jsonData: { dbName: string } }[];
  };
  const FIELDS: Record<string, readonly string[]> = { rig: RIG_FIELDS, board: BOARD_FIELDS, site_energy: ENERGY_FIELDS };

  test.each(dashboard.panels.map((panel) => [panel.title, panel] as const))(
    "%s asks for measurements and fields that are written",
    (_title, { targets }) => {
      for (const { query, datasource } of targets) {
        expect(datasource.uid).toBe(source.datasources[0]?.uid);
        const measurement = /FROM "(\w+)"/.exec(query)?.[1] ?? "";
        expect(Object.keys(FIELDS)).toContain(measurement);
        const asked = [...query.matchAll(/(?:mean|max|min|last|sum|count)\("(\w+)"\)/g)]
          .map((match) => match[1] ?? "")
          .filter((field) => field !== "v");
        expect(asked.length).toBeGreaterThan(0);
        for (const field of asked) expect(FIELDS[measurement]).toContain(field);
      }
    },
  );

  test("reads the database that the server writes", () => {
    const url = compose.services["server"]?.environment?.["INFLUX_URL"] ?? "";
    expect(url.endsWith(`@influxdb:8086/${source.datasources[0]?.jsonData.dbName}`)).toBe(true);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});
