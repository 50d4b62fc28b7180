/** Files that the next message carries: chosen, pasted or dropped; what WhatsApp would not take is said at once. */
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Uuid } from "../../api/types";
import { uploads } from "../../api/uploads";
import { notice } from "../../ui/notice";
import { attachable, MAX_FILES } from "./attachable";
import { size } from "./content/shapes";

export function useAttachments(conversation: Uuid, enabled: boolean) {
  const { t, i18n } = useTranslation();
  const list = useSyncExternalStore(uploads.subscribe, () => uploads.of(conversation));
  const add = useCallback(
    (files: readonly File[]) => {
      const room = MAX_FILES - uploads.of(conversation).length;
      if (files.length > room) notice.failed(t("composer.too_many_files", { max: MAX_FILES }));
      for (const file of files.slice(0, Math.max(room, 0))) {
        const found = attachable(file);
        if ("kind" in found) uploads.add(conversation, file, found.kind, found.as_document);
        else if (found.fault === "empty") notice.failed(t("composer.file_empty", { name: file.name }));
        else {
          notice.failed(
            t("composer.file_too_large", {
              name: file.name,
              size: size(i18n.language, file.size),
              max: size(i18n.language, found.max_bytes),
            }),
          );
        }
      }
    },
    [conversation, t, i18n.language],
  );
  const dragging = useDrop(add, enabled);
  const trouble = list.some((one) => one.state === "failed")
    ? ("failed" as const)
    : list.some((one) => one.state === "uploading")
      ? ("uploading" as const)
      : undefined;
  return { list, add, dragging, trouble };
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

/** Anywhere in the window: a page that a missed drop replaces would lose what one wrote. */
function useDrop(add: (files: readonly File[]) => void, enabled: boolean): boolean {
  const [over, setOver] = useState(0);
  useEffect(() => {
    const count = (by: number) => (event: DragEvent) => {
      if (hasFiles(event)) setOver((now) => Math.max(0, now + by));
    };
    const [enter, leave] = [count(1), count(-1)];
    const allow = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(0);
      if (enabled) add([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", allow);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", allow);
      window.removeEventListener("drop", drop);
    };
  }, [add, enabled]);
  return enabled && over > 0;
}
