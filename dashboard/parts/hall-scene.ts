/** The hall in three dimensions: one box a rig, all of them one instanced mesh, drawn only when something changed. */
import {
  BoxGeometry,
  Color,
  DirectionalLight,
  HemisphereLight,
  InstancedMesh,
  Matrix4,
  MeshLambertMaterial,
  PerspectiveCamera,
  Raycaster,
  Scene,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import type { Block } from "./floor-plan.ts";

/** A rig is so wide, high and deep; aisles between containers are so wide. In rigs. */
const SIZE = { w: 0.84, h: 0.78, d: 1.7 };
const AISLE = 4;
const RACK_GAP = 0.35;
const LEAST_DRAG_PX = 5;

export interface Box {
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Where each rig's box stands: racks side by side, slots from the top down, containers behind one another in rows about as long as wide. Pure. */
export const boxesOf = (blocks: readonly Block[]): Box[] => {
  const across = Math.max(1, Math.round(Math.sqrt(blocks.length / 3)));
  const widest = blocks.reduce((most, block) => Math.max(most, block.columns + block.racks.length * RACK_GAP), 1) + AISLE;
  return blocks.flatMap((block, k) => {
    const [left, depth] = [(k % across) * widest, Math.floor(k / across) * (AISLE + SIZE.d)];
    return block.cells.map(({ index, column, line }) => {
      const racksBefore = block.racks.filter((rack) => rack.column + rack.columns <= column).length;
      return { index, x: left + column + racksBefore * RACK_GAP, y: block.lines - 1 - line, z: depth };
    });
  });
};

/** What draws here, where it is a program instead of a graphics card; null where it is a card, or nobody says. */
export const softwareRenderer = (gl: WebGLRenderingContext | WebGL2RenderingContext): string | null => {
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const name = told === null ? "" : String(gl.getParameter(told.UNMASKED_RENDERER_WEBGL));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name) ? name : null;
};

/** A colour as three.js reads it: with commas. */
const commaed = (css: string): string => css.replace(/^rgb\((\d+) (\d+) (\d+)\)$/, "rgb($1,$2,$3)");

export interface Hall {
  /** Colours by box, CSS; asks for a drawing. */
  readonly paint: (colourOf: (index: number) => string) => void;
  readonly resize: (width: number, height: number) => void;
  readonly end: () => void;
}

/** Builds the hall on a canvas. `onPick` is told the rig that was clicked. */
export const openHall = (canvas: HTMLCanvasElement, boxes: readonly Box[], background: string, onPick: (index: number) => void): Hall => {
  const renderer = new WebGLRenderer({ canvas, antialias: true });
  renderer.setPixelRatio(Math.min(2, devicePixelRatio || 1));
  const scene = new Scene();
  scene.background = new Color(background);
  scene.add(new HemisphereLight(0xffffff, 0x445555, 2.2));
  const sun = new DirectionalLight(0xffffff, 1.4);
  sun.position.set(-0.4, 1, 0.8);
  scene.add(sun);
  const mesh = new InstancedMesh(new BoxGeometry(SIZE.w, SIZE.h, SIZE.d), new MeshLambertMaterial(), boxes.length);
  const place = new Matrix4();
  boxes.forEach(({ x, y, z }, i) => mesh.setMatrixAt(i, place.makeTranslation(x, y, z)));
  scene.add(mesh);
  mesh.computeBoundingSphere();
  const middle = mesh.boundingSphere?.center ?? new Vector3();
  const radius = Math.max(4, mesh.boundingSphere?.radius ?? 4);
  const camera = new PerspectiveCamera(45, 1, 0.1, radius * 20);
  camera.position.set(middle.x - radius * 0.6, middle.y + radius * 1.2, middle.z + radius * 2);
  const controls = new OrbitControls(camera, canvas);
  controls.target.copy(middle);
  controls.maxPolarAngle = Math.PI / 2;
  controls.update();
  let asked = 0;
  const draw = (): void => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => renderer.render(scene, camera));
  };
  controls.addEventListener("change", draw);
  let down = { x: 0, y: 0 };
  const aborter = new AbortController();
  canvas.addEventListener("pointerdown", ({ clientX, clientY }) => (down = { x: clientX, y: clientY }), { signal: aborter.signal });
  canvas.addEventListener(
    "click",
    ({ clientX, clientY }) => {
      // The end of a turn is no click.
      if (Math.hypot(clientX - down.x, clientY - down.y) > LEAST_DRAG_PX) return;
      const bounds = canvas.getBoundingClientRect();
      const at = new Vector2(((clientX - bounds.left) / bounds.width) * 2 - 1, 1 - ((clientY - bounds.top) / bounds.height) * 2);
      const ray = new Raycaster();
      ray.setFromCamera(at, camera);
      const [hit] = ray.intersectObject(mesh);
      const box = hit?.instanceId === undefined ? undefined : boxes[hit.instanceId];
      if (box !== undefined) onPick(box.index);
    },
    { signal: aborter.signal },
  );
  const colour = new Color();
  return {
    paint(colourOf) {
      boxes.forEach(({ index }, i) => mesh.setColorAt(i, colour.set(commaed(colourOf(index)))));
      if (mesh.instanceColor !== null) mesh.instanceColor.needsUpdate = true;
      draw();
    },
    resize(width, height) {
      renderer.setSize(width, height, false);
      camera.aspect = width / Math.max(1, height);
      camera.updateProjectionMatrix();
      draw();
    },
    end() {
      aborter.abort();
      cancelAnimationFrame(asked);
      controls.dispose();
      mesh.geometry.dispose();
      mesh.dispose();
      renderer.dispose();
    },
  };
};
