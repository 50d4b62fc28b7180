/** Moves the read marker when the newest item is in sight, the tab too, and the conversation is one's own. */
import { useDocumentVisibility } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import { useLink, useLive } from "../../api/hooks";
import type { ConversationView, ItemView } from "../../api/types";

export function useReadMarker(head: ConversationView, items: readonly ItemView[], inSight: boolean): void {
  const live = useLive();
  const link = useLink();
  const visible = useDocumentVisibility() === "visible";
  const told = useRef({ id: "", seq: 0 });
  const last = items.at(-1)?.seq ?? 0;
  useEffect(() => {
    // What was told on a lost connection is told again.
    if (link !== "live") told.current = { id: "", seq: 0 };
    if (!inSight || !visible || link !== "live" || head.unread === 0) return;
    if (told.current.id === head.id && told.current.seq >= last) return;
    told.current = { id: head.id, seq: last };
    live.read(head.id, last);
  }, [head.id, head.unread, inSight, visible, link, last, live]);
}
