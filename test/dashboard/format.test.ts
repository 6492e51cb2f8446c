import { describe, expect, test } from "@jest/globals";
import {
  asShown,
  celsius,
  count,
  dayTime,
  energyKwh,
  fixed,
  fromField,
  hashrate,
  inSiteDegrees,
  lasting,
  percent,
  power,
  setDegrees,
  setZone,
  short,
  toField,
  together,
  zone,
} from "../../dashboard/format.ts";
import { onScale, scaleOf } from "../../dashboard/parts/quantity.ts";

const plain = (text: string): string => text.replaceAll("\u202f", " ");

describe("figures", () => {
  test("each in the unit that fits, with its unit", () => {
    const cases = [
      [hashrate(0.512), "0.51 TH/s"],
      [hashrate(104.23), "104.2 TH/s"],
      [hashrate(43_423), "43.42 PH/s"],
      [hashrate(2_345_678), "2.346 EH/s"],
      [hashrate(0), "0.00 TH/s"],
      [power(3_477.4), "3 477 W"],
      [power(933_301), "933.3 kW"],
      [power(4_200_000), "4.20 MW"],
      [power(-65_000), "\u221265.0 kW"],
      [energyKwh(12.34), "12.3 kWh"],
      [energyKwh(6_711.2), "6 711 kWh"],
      [energyKwh(22_912), "22.9 MWh"],
      [celsius(61.04), "61.0 °C"],
    ] as const;
    expect(cases.map(([shown]) => plain(together(shown)))).toEqual(cases.map(([, text]) => text));
  });
  test("what is missing is a dash without a unit, never a zero", () => {
    for (const nothing of [null, undefined, Number.NaN, Infinity]) {
      expect(together(hashrate(nothing))).toBe("–");
      expect(together(power(nothing))).toBe("–");
      expect(together(energyKwh(nothing))).toBe("–");
      expect(fixed(nothing, 1)).toBe("–");
    }
    expect(percent(5, 0)).toBe("–");
    expect(percent(null, 5)).toBe("–");
  });
  test("no minus before what rounds to zero", () => {
    expect(fixed(-0.001, 1)).toBe("0.0");
    expect(count(-0.4)).toBe("0");
  });
  test("lengths of time in their two largest units", () => {
    expect([0, 4_400, 61_000, 180_000, 754_000, 3_600_000, 7_500_000, 172_800_000, 187_200_000].map((ms) => plain(lasting(ms)))).toEqual([
      "0 s",
      "4 s",
      "1 min 1 s",
      "3 min",
      "12 min",
      "1 h",
      "2 h 5 min",
      "2 d",
      "2 d 4 h",
    ]);
  });
  test("temperatures are shown in what the site wishes, differences of them too; other units stay", () => {
    try {
      setDegrees("F");
      expect(celsius(61.04)).toEqual({ text: "141.9", unit: "°F" });
      expect(celsius(null)).toEqual({ text: "–", unit: "°F" });
      expect(onScale(-40, scaleOf("celsius", 90))).toBe("−40.0\u202f°F");
      expect(asShown("°C").by).toBe(1.8);
      expect(asShown("W").of(5)).toBe(5);
      expect(inSiteDegrees("Board at 92.4 °C, limit 85 °C.")).toBe("Board at 198.3 °F, limit 185 °F.");
      expect(inSiteDegrees("Intake at -40.0 °C, limit 38 °C.")).toBe("Intake at -40.0 °F, limit 100 °F.");
      expect(inSiteDegrees("boards 5.0 °C warmer than its history says")).toBe("boards 9.0 °F warmer than its history says");
      expect(inSiteDegrees("Fan 2 at 0 RPM.")).toBe("Fan 2 at 0 RPM.");
    } finally {
      setDegrees("C");
    }
    expect(celsius(61.04)).toEqual({ text: "61.0", unit: "°C" });
    expect(inSiteDegrees("Board at 92.4 °C, limit 85 °C.")).toBe("Board at 92.4 °C, limit 85 °C.");
  });
  test("a hash keeps both ends", () => {
    expect(short("0x0123456789abcdef0123456789abcdef")).toBe("0x012345…abcdef");
    expect(short("0x0123")).toBe("0x0123");
  });
  test("times are the site's, over both changes of its clocks, and a field gives back what it was given", () => {
    setZone("Europe/Vienna");
    try {
      expect(dayTime(Date.UTC(2026, 6, 1, 22, 30))).toBe("2026-07-02 00:30:00");
      expect(zone(Date.UTC(2026, 0, 1))).toMatch(/CET|GMT\+1/);
      for (let ts = Date.UTC(2026, 2, 28); ts < Date.UTC(2026, 2, 30); ts += 1_800_000) expect(fromField(toField(ts))).toBe(ts);
      expect(fromField("2026-10-25T12:00")).toBe(Date.UTC(2026, 9, 25, 11));
      expect(fromField("2026-10-25")).toBe(Date.UTC(2026, 9, 24, 22));
      expect(fromField("never")).toBeNull();
      setZone("Nowhere/Land");
      expect(dayTime(0)).toBe("1970-01-01 01:00:00");
    } finally {
      setZone(null);
    }
  });
  test("one scale an axis", () => {
    expect(onScale(1_500, scaleOf("hashrate", 43_000))).toBe("1.50\u202fPH/s");
    expect(onScale(900, scaleOf("power", 1_900))).toBe("900\u202fW");
    expect(onScale(null, scaleOf("celsius", 90))).toBe("–");
  });
});
