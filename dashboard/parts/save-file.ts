/** Hands a text to the browser as a file to keep. */
export const saveFile = (name: string, content: string, media = "text/csv;charset=utf-8"): void => {
  const address = URL.createObjectURL(new Blob([content], { type: media }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
};
