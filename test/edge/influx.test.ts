import { afterAll, beforeAll } from "@jest/globals";
import { createInfluxStore } from "../../server/edge/influx/store.ts";
import { needs, pathTo } from "../servers/have.ts";
import { startInflux, type Influx } from "../servers/influx.ts";
import { seriesContract } from "./series.contract.ts";

needs("influxd")("InfluxDB series store", () => {
  let influx: Influx;
  beforeAll(async () => {
    influx = await startInflux(pathTo("influxd"));
  }, 60_000);
  afterAll(() => influx.stop());

  seriesContract(async (place) => {
    const store = createInfluxStore({ url: `${influx.url}/${place}`, backoffMs: 10, mostBackoffMs: 100 });
    await store.start();
    return store;
  });
});
