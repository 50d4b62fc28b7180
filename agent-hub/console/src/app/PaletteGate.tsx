/** The palette is read when it is asked for the first time; until then this listens to the key. */
import { lazy, Suspense, useEffect, useState } from "react";
import { useCommand } from "./commands";
import type { Place } from "./router";

const Palette = lazy(() => import("./Palette"));

export function PaletteGate({ place }: { place: Place }) {
  const [wanted, setWanted] = useState(false);
  useCommand("palette", () => setWanted(true));
  useEffect(() => {
    if (wanted) return;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setWanted(true);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [wanted]);
  return <Suspense>{wanted && <Palette place={place} />}</Suspense>;
}
