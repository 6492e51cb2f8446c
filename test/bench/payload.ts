/** A native reading of about 600 bytes: three boards, four fans, a pool; every field in the sizes that machines send. */
export const readingPayload = (rig: number, seq: number, ts: number): Buffer => {
  const wobble = ((rig * 31 + seq * 17) % 100) / 100;
  const board = (index: number) => ({
    index,
    hashrateThs: Number((34 + wobble).toFixed(2)),
    boardC: Number((58 - index + wobble * 4).toFixed(1)),
    chipC: Number((72 - index + wobble * 4).toFixed(1)),
    chips: 126,
    frequencyMhz: 545,
    voltageV: 13.5,
  });
  return Buffer.from(
    JSON.stringify({
      v: 1,
      ts,
      seq,
      boot: "6f1d2c90",
      m: {
        mode: "mining",
        hashrateThs: Number((102 + wobble * 3).toFixed(2)),
        averageThs: 103.4,
        powerW: Math.round(3_040 + wobble * 60),
        intakeC: Number((24.5 + wobble).toFixed(1)),
        boardC: Number((58 + wobble * 4).toFixed(1)),
        chipC: Number((72 + wobble * 4).toFixed(1)),
        fanPct: 62,
        accepted: 1_000 + seq,
        rejected: 3,
        uptimeS: 90_000 + seq * 10,
        fans: [
          { index: 0, rpm: 5_640 },
          { index: 1, rpm: 5_610 },
        ],
        boards: [board(0), board(1), board(2)],
      },
    }),
  );
};
