/** Words of saved views. */
export const viewsText = {
  title: "Views",
  name: "Name of this view",
  save: "Save",
  drop: (name: string) => `Forget ${name}`,
  note: "A view is its address: copy it to send it. Names are kept in this browser.",
  ready: {
    all: "All rigs",
    hand: "Need a hand",
    weak: "Weakest first",
    hot: "Hottest first",
    thirsty: "Most J/TH first",
    parts: "Serials and addresses",
  },
} as const;
