import { useEffect, useRef, type ReactNode } from "react";

/** A wide thing in a narrow place: scrolls sideways, and takes the keyboard's focus only where there is something to scroll. */
export const ScrollX = ({
  label,
  className = "",
  children,
}: {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}): ReactNode => {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const fit = (): void => {
      if (element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight) element.tabIndex = 0;
      else element.removeAttribute("tabindex");
    };
    const watcher = new ResizeObserver(fit);
    watcher.observe(element);
    fit();
    return () => watcher.disconnect();
  }, []);
  return (
    <div ref={box} className={`scroll-x ${className}`} role="group" aria-label={label}>
      {children}
    </div>
  );
};
