import { describe, expect, test } from "@jest/globals";
import { findModel, modelById, MODELS } from "../../server/twin/models.ts";

describe("the catalogue", () => {
  test("every model has an id, a name and a nameplate of its own", () => {
    expect(new Set(MODELS.map(({ id }) => id)).size).toBe(MODELS.length);
    expect(new Set(MODELS.map(({ name }) => name)).size).toBe(MODELS.length);
    for (const { id, nameplate, limits, bands } of MODELS) {
      expect({ id, efficiency: nameplate.powerW / nameplate.hashrateThs }).toEqual({ id, efficiency: expect.any(Number) });
      // machines for other algorithms have other figures
      if (!/^antminer-(?:[dkl]\d|e9|hs|k[as])/.test(id)) {
        expect(nameplate.powerW / nameplate.hashrateThs).toBeGreaterThan(9);
        expect(nameplate.powerW / nameplate.hashrateThs).toBeLessThan(150);
      }
      expect(Math.min(nameplate.boards, nameplate.chips, limits.boardC, limits.chipC)).toBeGreaterThan(0);
      for (const band of [bands.boardC, bands.chipC, bands.intakeC, bands.psuC])
        if (band !== null) expect(band.warn).toBeLessThan(band.critical);
    }
  });
  test("each is found by its own name and by its id", () => {
    for (const model of MODELS) {
      expect(findModel(model.make, model.name)?.id).toBe(model.id);
      expect(modelById(model.id)).toBe(model);
    }
  });
});

describe("names as firmware spells them", () => {
  test.each<[string | null, string, string, number]>([
    ["Bitmain", "Antminer S19 Pro", "antminer-s19-pro", 114],
    [null, "ANTMINER S19J PRO", "antminer-s19j-pro", 126],
    [null, "S19j Pro+ (No PIC)", "antminer-s19j-pro-plus", 120],
    [null, "Bitmain Antminer S19j Pro 104 TH/s", "antminer-s19j-pro", 126],
    [null, "Antminer S19 Pro 110T", "antminer-s19-pro", 114],
    [null, "Antminer S19 (Vnish 1.2.6)", "antminer-s19", 76],
    [null, "S19-88 v.2.6.0.39 ", "antminer-s19-88", 88],
    [null, "ANTMINER S19J88NOPIC", "antminer-s19-88", 88],
    [null, "Antminer BHB68601", "antminer-s21", 108],
    [null, "Antminer S21 XP Hyd.", "antminer-s21-xp-hydro", 160],
    [null, "s19 pro HYD", "antminer-s19-pro-hydro", 180],
    ["MicroBT", "M30S++_VH40", "whatsminer-m30s-plus-plus", 70],
    ["MicroBT", "M60S_VK40", "whatsminer-m60s", 225],
    [null, "Whatsminer M60S VK40", "whatsminer-m60s", 225],
    ["Canaan", "AvalonMiner 15-194", "avalon-1566", 160],
    ["Canaan", "1246-83-5", "avalon-1246", 120],
    ["Canaan", "AvalonMiner A1466", "avalon-1466", 176],
    ["Canaan", "Avalon Nano3s", "avalon-nano3s", 12],
    ["Canaan", "Q", "avalon-q", 160],
    ["NerdAxe", "NerdQAxe++", "nerdqaxe-plus-plus", 4],
    [null, "NerdQAxePlus", "nerdqaxe-plus", 4],
  ])("%s: %s is %s with %i chips a board", (make, text, id, chips) => {
    const model = findModel(make, text);
    expect(model?.id).toBe(id);
    expect(model?.nameplate.chips).toBe(chips);
  });
  test.each(["Antminer S21j Pro", "S23", "S21 XP+ Hyd.", "Antminer", "", "M99S", "toaster", "x".repeat(200)])(
    "%s is no model known here",
    (text) => {
      expect(findModel(null, text)).toBeNull();
    },
  );
  test("a Bitaxe is known by its board's number, else by its chips", () => {
    expect(findModel("Bitaxe", null, { asic: "BM1368", boardVersion: "401" })?.id).toBe("bitaxe-supra");
    expect(findModel("Bitaxe", null, { asic: "BM1370", boardVersion: "801" })?.id).toBe("bitaxe-gt");
    expect(findModel("Bitaxe", null, { asic: "BM1370", asics: 2 })?.id).toBe("bitaxe-gt");
    expect(findModel("Bitaxe", null, { asic: "BM1397" })?.id).toBe("bitaxe-max");
    expect(findModel("Bitaxe", null, { asic: "BM9999" })).toBeNull();
  });
});
