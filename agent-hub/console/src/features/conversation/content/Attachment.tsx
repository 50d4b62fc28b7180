/** A document: what it is, how large, and the way to keep it. */
import { ActionIcon } from "@mantine/core";
import {
  IconDownload,
  IconFile,
  IconFileSpreadsheet,
  IconFileText,
  IconFileTypePdf,
  IconFileZip,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { fetchFile } from "../../../api/media";
import { problemOf } from "../../../api/problem";
import type { MediaView } from "../../../api/types";
import { notice } from "../../../ui/notice";
import { problemText } from "../../../ui/problem";
import { saveAs } from "../../../ui/saveAs";
import classes from "./Media.module.css";
import { size } from "./shapes";

export function iconOf(mime: string | null | undefined) {
  const type = mime ?? "";
  if (type === "application/pdf") return IconFileTypePdf;
  if (/zip|compressed|rar|7z|tar/.test(type)) return IconFileZip;
  if (/sheet|excel|csv/.test(type)) return IconFileSpreadsheet;
  if (/^text\/|word|opendocument\.text/.test(type)) return IconFileText;
  return IconFile;
}

const ENDINGS: Readonly<Record<string, string>> = {
  "application/pdf": "PDF",
  "text/plain": "TXT",
  "text/csv": "CSV",
  "application/zip": "ZIP",
  "image/jpeg": "JPG",
  "image/png": "PNG",
};

export function Attachment({ file, name }: { file: MediaView; name: string | undefined }) {
  const { t, i18n } = useTranslation();
  const shown = name ?? t(`media.${file.kind}`);
  const download = useMutation({
    mutationFn: () => fetchFile(file.id, "file"),
    gcTime: 0,
    onSuccess: (blob) => saveAs(blob, shown),
    onError: (error) => notice.failed(problemText(t, problemOf(error))),
  });
  const Icon = iconOf(file.mime_type);
  const facts = [
    file.mime_type ? (ENDINGS[file.mime_type] ?? file.mime_type.split("/").at(-1)) : undefined,
    file.size_bytes == null ? undefined : size(i18n.language, file.size_bytes),
  ];
  return (
    <div className={classes.attachment} data-testid="media-document">
      <Icon size={26} stroke={1.5} aria-hidden="true" />
      <div className={classes.why}>
        <strong>{shown}</strong>
        <span className={classes.facts}>{facts.filter(Boolean).join(" · ")}</span>
      </div>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={30}
        loading={download.isPending}
        aria-label={t("media.download", { what: shown })}
        title={t("media.download", { what: shown })}
        onClick={() => download.mutate()}
        data-testid="media-download"
      >
        <IconDownload size={18} aria-hidden="true" />
      </ActionIcon>
    </div>
  );
}
