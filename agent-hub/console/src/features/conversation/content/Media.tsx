/** A file in a bubble, wherever it is on its way: being fetched, here, failed with a way to try again, or held back. */
import { Button, Loader } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { IconAlertTriangle, IconPhoto, IconPlayerPlayFilled, IconShieldX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { fetchAgain } from "../../../api/media";
import { problemOf } from "../../../api/problem";
import type { MediaRef, MediaView } from "../../../api/types";
import { notice } from "../../../ui/notice";
import { problemText } from "../../../ui/problem";
import { Formatted } from "../Formatted";
import { Attachment } from "./Attachment";
import classes from "./Media.module.css";
import { Player } from "./Player";
import { webAddress } from "./shapes";
import { useFile } from "./useFile";

const Lightbox = lazy(() => import("./Lightbox"));

/** `file` is absent for what we sent by address, and where the server knows no file. */
export function Media({ media, file }: { media: MediaRef; file: MediaView | undefined }) {
  return (
    <>
      {file ? <Shown media={media} file={file} /> : <Elsewhere media={media} />}
      {media.caption && <Formatted text={media.caption} />}
    </>
  );
}

function Shown({ media, file }: { media: MediaRef; file: MediaView }) {
  if (file.state !== "ready") return <NotReady file={file} voice={media.voice ?? false} />;
  const name = file.file_name ?? media.file_name ?? undefined;
  if (!file.is_inline) return <Attachment file={file} name={name} />;
  switch (file.kind) {
    case "image":
    case "sticker":
      return <Picture file={file} words={media.caption ?? name} />;
    case "video":
      return <Film file={file} words={media.caption ?? name} />;
    case "audio":
      return <Player file={file} voice={media.voice ?? false} />;
    default:
      return <Attachment file={file} name={name} />;
  }
}

function useInSight() {
  const { ref, entry } = useIntersection({ rootMargin: "300px" });
  const seen = useRef(false);
  seen.current ||= entry?.isIntersecting ?? false;
  return { ref, seen: seen.current };
}

function Picture({ file, words }: { file: MediaView; words: string | undefined }) {
  const { t } = useTranslation();
  const { ref, seen } = useInSight();
  const { url, error, again } = useFile(file.id, file.has_thumbnail ? "thumbnail" : "file", seen);
  const [large, setLarge] = useState(false);
  const label = words ?? t(`media.${file.kind}`);
  if (error) return <Unread error={error} again={() => void again()} />;
  return (
    <>
      <button
        ref={ref}
        type="button"
        className={classes.picture}
        data-kind={file.kind}
        data-testid="media-open"
        aria-label={t("media.open", { what: label })}
        onClick={() => setLarge(true)}
      >
        {url ? (
          <img src={url} alt={label} data-testid="media-image" />
        ) : (
          <IconPhoto size={28} aria-hidden="true" />
        )}
      </button>
      {large && (
        <Suspense>
          <Lightbox file={file} label={label} onClose={() => setLarge(false)} />
        </Suspense>
      )}
    </>
  );
}

function Film({ file, words }: { file: MediaView; words: string | undefined }) {
  const { t } = useTranslation();
  const { ref, seen } = useInSight();
  const { url } = useFile(file.id, "thumbnail", seen && file.has_thumbnail);
  const [large, setLarge] = useState(false);
  const label = words ?? t("media.video");
  return (
    <>
      <button
        ref={ref}
        type="button"
        className={classes.picture}
        data-kind="video"
        data-testid="media-open"
        aria-label={t("media.play", { what: label })}
        onClick={() => setLarge(true)}
      >
        {url && <img src={url} alt="" />}
        <span className={classes.playBadge}>
          <IconPlayerPlayFilled size={22} aria-hidden="true" />
        </span>
      </button>
      {large && (
        <Suspense>
          <Lightbox file={file} label={label} onClose={() => setLarge(false)} />
        </Suspense>
      )}
    </>
  );
}

function NotReady({ file, voice }: { file: MediaView; voice: boolean }) {
  const { t } = useTranslation();
  const retry = useMutation({
    mutationFn: () => fetchAgain(file.id),
    onError: (error) => notice.failed(problemText(t, problemOf(error))),
  });
  const what = t(voice ? "media.voice" : `media.${file.kind}`);
  if (file.state === "pending") {
    return (
      <div className={classes.state} data-testid="media-state" data-state="pending" role="status">
        <Loader size={16} color="gray" aria-hidden="true" />
        <span>{t("media.pending", { what })}</span>
      </div>
    );
  }
  const held = file.state === "quarantined";
  const why = t(`media.reason_${file.reason ?? "unavailable"}`);
  return (
    <div
      className={classes.state}
      data-testid="media-state"
      data-state={file.state}
      data-reason={file.reason}
    >
      {held ? (
        <IconShieldX size={20} aria-hidden="true" />
      ) : (
        <IconAlertTriangle size={20} aria-hidden="true" />
      )}
      <div className={classes.why}>
        <strong>{t(held ? "media.held" : "media.failed", { what })}</strong>
        <span>{why}</span>
        {!held && file.reason !== "absent" && (
          <Button
            size="compact-xs"
            variant="default"
            loading={retry.isPending}
            onClick={() => retry.mutate()}
            data-testid="media-retry"
          >
            {t("common.retry")}
          </Button>
        )}
      </div>
    </div>
  );
}

function Unread({ error, again }: { error: unknown; again: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.state} data-testid="media-state" data-state="unread">
      <IconAlertTriangle size={20} aria-hidden="true" />
      <div className={classes.why}>
        <span>{problemText(t, problemOf(error))}</span>
        <Button size="compact-xs" variant="default" onClick={again}>
          {t("common.retry")}
        </Button>
      </div>
    </div>
  );
}

/** A file that is not ours: sent by its address. It is named, never loaded. */
function Elsewhere({ media }: { media: MediaRef }) {
  const { t } = useTranslation();
  const url = webAddress(media.url);
  return (
    <div className={classes.state}>
      <IconPhoto size={20} aria-hidden="true" />
      <div className={classes.why}>
        <strong>{media.file_name ?? t(media.voice ? "media.voice" : `media.${media.kind}`)}</strong>
        {url && (
          <a href={url.href} target="_blank" rel="noopener noreferrer">
            {url.host}
          </a>
        )}
      </div>
    </div>
  );
}
