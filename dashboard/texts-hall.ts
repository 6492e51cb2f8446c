/** Words of the hall in three dimensions. */
export const hallText = {
  title: "The hall in 3D",
  note: "drag to turn, wheel to come nearer, click a rig to open it",
  off: "The hall is not drawn in 3D here",
  noWebgl: "This browser offers no WebGL. The map below shows the same rigs in the same colours.",
  software: (name: string) =>
    `There is no graphics card to draw it (${name} would do it on the processor, and everything else would stutter). The map below shows the same rigs in the same colours.`,
} as const;
