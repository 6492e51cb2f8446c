/** A picture as a phone takes it, made small enough to send over a farm's network. The server cleans and judges what comes. */
const MOST_PX = 2_000;
const QUALITY = 0.82;

/** A JPEG of at most 2,000 px, upright; the file as it is where the browser cannot read it. */
export const shrunk = async (file: File): Promise<Blob> => {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const by = Math.min(1, MOST_PX / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * by));
    canvas.height = Math.max(1, Math.round(image.height * by));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    return made ?? file;
  } catch {
    return file;
  }
};
