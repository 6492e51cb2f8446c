import { Button } from "@mantine/core";
import { IconCamera } from "@tabler/icons-react";
import { useRef, useState, type ReactNode } from "react";
import { MOST_PHOTOS } from "../../server/twin/orders/limits.ts";
import type { Order } from "../../server/twin/orders/shapes.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { failureOf, useSite } from "../site.tsx";
import { workText } from "../texts-work.ts";
import { Empty, Panel } from "./panel.tsx";
import { shrunk } from "./shrink.ts";

const text = workText.order;

interface PhotosProps {
  readonly order: Order;
  readonly by: string;
  readonly readOnly: boolean;
  readonly onOrder: (order: Order) => void;
}
/** The order's photos, and the button that takes more: on a phone it opens the camera. */
export const OrderPhotos = ({ order, by, readOnly, onOrder }: PhotosProps): ReactNode => {
  const { ask } = useSite();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const add = async (files: readonly File[]): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      for (const file of files)
        onOrder(
          await ask.send<Order>(
            {
              route: ROUTES.orderPhotos,
              parameters: { order: order.id },
              query: { by, caption: file.name.replace(/\.[^.]*$/, "").slice(0, 60) },
            },
            await shrunk(file),
          ),
        );
    } catch (error) {
      setTrouble(failureOf(error).message);
    }
    if (input.current !== null) input.current.value = "";
    setBusy(false);
  };
  return (
    <Panel
      title={text.photos}
      note={text.photosNote}
      tools={
        readOnly || order.photos.length >= MOST_PHOTOS ? undefined : (
          <Button
            size="compact-sm"
            variant="default"
            loading={busy}
            leftSection={<IconCamera size={14} />}
            onClick={() => input.current?.click()}
          >
            {text.addPhoto}
          </Button>
        )
      }
    >
      <input
        ref={input}
        type="file"
        accept="image/*"
        multiple
        hidden
        aria-label={text.addPhoto}
        onChange={(event) => void add([...(event.currentTarget.files ?? [])])}
      />
      {trouble === null ? null : (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      {order.photos.length === 0 ? (
        <Empty title={text.noPhotos} />
      ) : (
        <ul className="order-photos">
          {order.photos.map(({ hash, caption, by: who }) => (
            <li key={hash}>
              <a href={pathOf(ROUTES.photo, { hash })} target="_blank" rel="noreferrer">
                <img src={pathOf(ROUTES.photo, { hash })} alt={text.photoOf(caption, who)} loading="lazy" />
              </a>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
};
