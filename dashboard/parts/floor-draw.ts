/** Paints a floor plan. Large cells one by one with their figures; small ones as one picture a container. */
import { RIG_STATES, SEVERITIES } from "../../server/twin/twin.ts";
import type { Farm } from "../state.ts";
import { say } from "../texts.ts";
import { columnX, type Block, type Placed, type Plan, type Spot } from "./floor-plan.ts";
import type { Point } from "./floor-select.ts";
import { isNamed, MEASURES, shownIn, stepOf, type MapMode, type NamedMode, type Ramp } from "./scales.ts";

export interface Inks {
  readonly ink: string;
  readonly quiet: string;
  /** Reads on every state's colour. */
  readonly onState: string;
  readonly void: string;
  readonly edge: string;
  readonly focus: string;
  readonly alarm: readonly string[];
  readonly states: readonly string[];
  readonly voidRgb: readonly [number, number, number];
  readonly font: string;
}
const PICTURE_BELOW = 7;
const ALARM_DOT = 3;
const FIGURES_FROM = 17;
const HOLLOW = new Set([RIG_STATES.indexOf("offline"), RIG_STATES.indexOf("new")]);

const rgbOf = (hex: string): readonly [number, number, number] =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as readonly [number, number, number];
const kept = new Map<string, Inks>();
/** Reads the colours out of the page's tokens, once a scheme. */
export const inksOf = (element: Element, scheme: string, font: string): Inks => {
  const before = kept.get(scheme);
  if (before !== undefined) return before;
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  // What is at work sinks into the background here too.
  const states = RIG_STATES.map((state) => token(state === "hashing" ? "cell-hashing" : `state-${state}`));
  const inks: Inks = {
    ink: token("ink"),
    quiet: token("ink-2"),
    onState: token("on-state"),
    void: token("cell-void"),
    edge: token("cell-edge"),
    focus: token("focus"),
    alarm: ["", token("sev-info"), token("sev-minor"), token("sev-major"), token("sev-critical")],
    states,
    voidRgb: rgbOf(token("cell-void")),
    font,
  };
  kept.set(scheme, inks);
  return inks;
};

export interface Scene {
  readonly plan: Plan;
  readonly spots: ReadonlyMap<number, Spot>;
  readonly farm: Farm;
  readonly mode: MapMode;
  readonly ramp: Ramp;
  readonly inks: Inks;
  readonly now: number;
  readonly hovered: number;
  readonly focused: number;
  /** Rigs that the search found; null: no search. */
  readonly found: ReadonlySet<number> | null;
  readonly selected: ReadonlySet<number>;
  /** The line that is being drawn around rigs. */
  readonly lasso: readonly Point[];
}

const rgbs = new Map<string, readonly [number, number, number]>();
const rgbIn = (hex: string): readonly [number, number, number] => {
  let rgb = rgbs.get(hex);
  if (rgb === undefined) rgbs.set(hex, (rgb = rgbOf(hex)));
  return rgb;
};
/** Colour of a rig in a mode that tells what it is. */
const namedInk = (mode: NamedMode, { farm, inks }: Pick<Scene, "farm" | "inks">, index: number): string =>
  mode === "state"
    ? (inks.states[farm.state[index] ?? 0] ?? inks.void)
    : (farm.alarm[index] ?? 0) === 0
      ? (inks.states[RIG_STATES.indexOf("hashing")] ?? inks.void)
      : (inks.alarm[farm.alarm[index] ?? 0] ?? inks.ink);
/** Colour of a rig's cell; the void's where it has no value. */
export const inkOf = (scene: Pick<Scene, "farm" | "inks" | "mode" | "ramp" | "now">, index: number): string => {
  const { mode, farm, ramp, inks, now } = scene;
  if (isNamed(mode)) return namedInk(mode, scene, index);
  return ramp.fill[stepOf(MEASURES[mode], MEASURES[mode].read(farm, index, now))] ?? inks.void;
};
const namedCode = (mode: NamedMode, farm: Farm, index: number): string => {
  if (mode === "state") return say.stateCodes[RIG_STATES[farm.state[index] ?? 0] ?? "new"];
  const severity = SEVERITIES[(farm.alarm[index] ?? 0) - 1];
  return severity === undefined ? "" : say.severities[severity].slice(0, 3).toUpperCase();
};

/** A container's picture, a pixel a slot, kept from drawing to drawing. */
interface Small {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
  readonly image: ImageData;
}
const smalls = new WeakMap<Block, Small>();
const smallOf = (block: Block): Small | null => {
  const before = smalls.get(block);
  if (before !== undefined) return before;
  const canvas = new OffscreenCanvas(block.columns, block.lines);
  const context = canvas.getContext("2d");
  if (context === null) return null;
  const small = { canvas, context, image: new ImageData(block.columns, block.lines) };
  smalls.set(block, small);
  return small;
};

const picture = (context: CanvasRenderingContext2D, scene: Scene, { block, x, y }: Placed): void => {
  const small = smallOf(block);
  if (small === null) return;
  const {
    farm,
    mode,
    ramp,
    inks,
    now,
    plan: { measures },
  } = scene;
  const { data } = small.image;
  for (let at = 0; at < block.grid.length; at += 1) {
    const index = block.grid[at] ?? -1;
    if (index < 0) continue;
    const rgb = isNamed(mode)
      ? rgbIn(namedInk(mode, scene, index))
      : (ramp.rgb[stepOf(MEASURES[mode], MEASURES[mode].read(farm, index, now))] ?? inks.voidRgb);
    const faded = scene.found !== null && !scene.found.has(index);
    [data[at * 4], data[at * 4 + 1], data[at * 4 + 2]] = rgb;
    data[at * 4 + 3] = faded ? 60 : 255;
  }
  small.context.putImageData(small.image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small.canvas, x, y + measures.headH, block.columns * measures.cellW, block.lines * measures.cellH);
  for (const { index, column, line } of block.cells) {
    const alarm = farm.alarm[index] ?? 0;
    if (alarm === 0) continue;
    context.fillStyle = inks.alarm[alarm] ?? inks.ink;
    context.fillRect(x + (column + 1) * measures.cellW - ALARM_DOT, y + measures.headH + line * measures.cellH, ALARM_DOT, ALARM_DOT);
  }
};

const cells = (context: CanvasRenderingContext2D, scene: Scene, { block, x, y }: Placed): void => {
  const {
    farm,
    mode,
    ramp,
    inks,
    now,
    found,
    plan: { measures },
  } = scene;
  const { cellW, cellH, headH } = measures;
  const inset = cellH < 12 ? 0.5 : 1;
  const figures = cellH >= FIGURES_FROM;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `${Math.min(12, Math.round(cellH * 0.46))}px ${inks.font}`;
  for (const cell of block.cells) {
    const left = x + columnX(block, cell.column, measures) + inset;
    const top = y + headH + cell.line * cellH + inset;
    const [w, h] = [cellW - 2 * inset, cellH - 2 * inset];
    const state = farm.state[cell.index] ?? 0;
    const step = isNamed(mode) ? -1 : stepOf(MEASURES[mode], MEASURES[mode].read(farm, cell.index, now));
    const own = isNamed(mode) ? namedInk(mode, scene, cell.index) : (ramp.fill[step] ?? inks.void);
    context.globalAlpha = found !== null && !found.has(cell.index) ? 0.22 : 1;
    const hollow = isNamed(mode) ? mode === "state" && HOLLOW.has(state) : step < 0;
    context.fillStyle = hollow ? inks.void : own;
    context.fillRect(left, top, w, h);
    if (hollow) {
      context.strokeStyle = mode === "state" ? own : inks.edge;
      context.lineWidth = 1;
      context.strokeRect(left + 0.5, top + 0.5, w - 1, h - 1);
    }
    if (figures) {
      context.fillStyle = hollow ? inks.quiet : isNamed(mode) ? inks.onState : (ramp.ink[step] ?? inks.ink);
      context.fillText(
        isNamed(mode) ? namedCode(mode, farm, cell.index) : shownIn(mode, farm, cell.index, now).text,
        left + w / 2,
        top + h / 2 + 0.5,
      );
    }
    const alarm = farm.alarm[cell.index] ?? 0;
    if (alarm > 0 && mode !== "alarm") {
      // A corner, so that an alarm shows whatever the cell's colour means.
      const size = Math.max(4, Math.min(9, cellH * 0.4));
      context.fillStyle = inks.void;
      context.beginPath();
      context.moveTo(left + w, top);
      context.lineTo(left + w - size - 2, top);
      context.lineTo(left + w, top + size + 2);
      context.fill();
      context.fillStyle = inks.alarm[alarm] ?? inks.ink;
      context.beginPath();
      context.moveTo(left + w, top);
      context.lineTo(left + w - size, top);
      context.lineTo(left + w, top + size);
      context.fill();
    }
  }
  context.globalAlpha = 1;
};

const heads = (context: CanvasRenderingContext2D, { inks, plan: { measures } }: Scene, { block, x, y }: Placed): void => {
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.fillStyle = inks.ink;
  context.font = `600 ${measures.cellH < 12 ? 10 : 12}px ${inks.font}`;
  context.fillText(block.name, x + 1, y + 12);
  if (measures.cellH < 12) return;
  context.fillStyle = inks.quiet;
  context.font = `11px ${inks.font}`;
  context.textAlign = "center";
  for (const rack of block.racks) {
    const left = columnX(block, rack.column, measures);
    context.fillText(rack.name, x + left + (rack.columns * measures.cellW) / 2, y + 30, rack.columns * measures.cellW);
  }
};

const ring = (
  context: CanvasRenderingContext2D,
  { spots, inks, plan: { measures } }: Scene,
  index: number,
  colour: string,
  width: number,
): void => {
  const spot = spots.get(index);
  if (spot === undefined) return;
  context.lineWidth = width + 2;
  context.strokeStyle = inks.void;
  context.strokeRect(spot.x, spot.y, measures.cellW, measures.cellH);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.strokeRect(spot.x, spot.y, measures.cellW, measures.cellH);
};

/** Selected rigs: a frame each, drawn in one go. */
const marks = (context: CanvasRenderingContext2D, { selected, spots, inks, plan: { measures } }: Scene): void => {
  if (selected.size === 0) return;
  const { cellW, cellH } = measures;
  const inset = cellH < 12 ? 0.5 : 1.5;
  context.beginPath();
  for (const index of selected) {
    const spot = spots.get(index);
    if (spot !== undefined) context.rect(spot.x + inset, spot.y + inset, cellW - 2 * inset, cellH - 2 * inset);
  }
  context.lineWidth = cellH < 12 ? 1.5 : 4;
  context.strokeStyle = inks.void;
  context.stroke();
  context.lineWidth = cellH < 12 ? 1 : 2;
  context.strokeStyle = inks.focus;
  context.stroke();
};
const line = (context: CanvasRenderingContext2D, { lasso, inks }: Scene): void => {
  const [first, ...rest] = lasso;
  if (first === undefined) return;
  context.beginPath();
  context.moveTo(first.x, first.y);
  for (const { x, y } of rest) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.14;
  context.fillStyle = inks.focus;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = inks.focus;
  context.stroke();
};

/** Draws what of the scene lies in the window at (left, top); sizes in CSS px. */
export const draw = (
  context: CanvasRenderingContext2D,
  scene: Scene,
  left: number,
  top: number,
  width: number,
  height: number,
  density: number,
): void => {
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  context.translate(-left, -top);
  for (const each of scene.plan.placed) {
    if (each.x > left + width || each.x + each.width < left || each.y > top + height || each.y + each.height < top) continue;
    heads(context, scene, each);
    if (scene.plan.measures.cellH < PICTURE_BELOW) picture(context, scene, each);
    else cells(context, scene, each);
  }
  if (scene.found !== null && scene.found.size > 0 && scene.found.size <= 40)
    for (const index of scene.found) ring(context, scene, index, scene.inks.ink, 1.5);
  marks(context, scene);
  line(context, scene);
  if (scene.hovered >= 0) ring(context, scene, scene.hovered, scene.inks.ink, 1.5);
  if (scene.focused >= 0) ring(context, scene, scene.focused, scene.inks.focus, 2.5);
};
