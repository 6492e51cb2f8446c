/** Reads a barcode or QR code with the camera: with the browser's own detector where it has one, else with a library that is loaded then. */
import { useEffect, useRef, useState, type ReactNode } from "react";
import { pickText } from "../texts-pick.ts";

const text = pickText.positions;
const LOOK_MS = 200;

interface Detector {
  readonly detect: (source: HTMLVideoElement) => Promise<readonly { readonly rawValue: string }[]>;
}
const ownDetector = (): Detector | null => {
  const Made = (globalThis as { BarcodeDetector?: new () => Detector }).BarcodeDetector;
  return Made === undefined ? null : new Made();
};

/** Looks until it is stopped; gives the function that stops it. */
const watchWith = (detector: Detector, video: HTMLVideoElement, onCode: (code: string) => void): (() => void) => {
  let ended = false;
  const look = async (): Promise<void> => {
    while (!ended) {
      const [found] = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? await detector.detect(video).catch(() => []) : [];
      if (found !== undefined && !ended) onCode(found.rawValue);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  void look();
  return () => {
    ended = true;
  };
};

const watch = async (stream: MediaStream, video: HTMLVideoElement, onCode: (code: string) => void): Promise<() => void> => {
  const detector = ownDetector();
  if (detector !== null) {
    video.srcObject = stream;
    await video.play();
    return watchWith(detector, video, onCode);
  }
  const { BrowserMultiFormatReader } = await import("@zxing/browser");
  const reader = new BrowserMultiFormatReader();
  const controls = await reader.decodeFromStream(stream, video, (result) => {
    if (result !== undefined) onCode(result.getText());
  });
  return () => controls.stop();
};

/** The camera's picture; each code it sees is told once until another is seen. */
export const ScanCamera = ({ onCode }: { readonly onCode: (code: string) => void }): ReactNode => {
  const video = useRef<HTMLVideoElement>(null);
  const latest = useRef(onCode);
  const [trouble, setTrouble] = useState<string | null>(null);
  useEffect(() => {
    latest.current = onCode;
  });
  useEffect(() => {
    let stop: (() => void) | null = null;
    let stream: MediaStream | null = null;
    let gone = false;
    let last = "";
    const begin = async (): Promise<void> => {
      const devices = navigator.mediaDevices as MediaDevices | undefined;
      if (devices === undefined) return setTrouble(text.noCamera);
      stream = await devices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      if (gone || video.current === null) return stream.getTracks().forEach((track) => track.stop());
      const ended = await watch(stream, video.current, (code) => {
        if (code === last) return;
        last = code;
        latest.current(code);
      });
      if (gone) ended();
      else stop = ended;
    };
    begin().catch((error: unknown) => setTrouble(text.cameraFailed(error instanceof Error ? error.message : String(error))));
    return () => {
      gone = true;
      stop?.();
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  return trouble === null ? (
    <figure className="scan">
      <video ref={video} muted playsInline aria-label={text.looking} />
      <figcaption className="quiet">{text.looking}</figcaption>
    </figure>
  ) : (
    <p className="warm" role="alert">
      {trouble}
    </p>
  );
};
