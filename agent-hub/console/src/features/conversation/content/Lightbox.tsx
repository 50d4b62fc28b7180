/** A picture or film as large as the window; zoom for serial numbers and little lights. */
import { ActionIcon, Loader, Modal } from "@mantine/core";
import { IconDownload, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "../../../api/problem";
import type { MediaView } from "../../../api/types";
import { problemText } from "../../../ui/problem";
import classes from "./Lightbox.module.css";
import { useFile } from "./useFile";

const STEPS = [1, 1.5, 2, 3, 4] as const;

export default function Lightbox(props: { file: MediaView; label: string; onClose: () => void }) {
  const { file, label, onClose } = props;
  const { t } = useTranslation();
  const { url, error } = useFile(file.id, "file", true);
  const [step, setStep] = useState(0);
  const film = file.kind === "video";
  const zoom = (by: number) => setStep((now) => Math.min(Math.max(now + by, 0), STEPS.length - 1));
  return (
    <Modal.Root opened onClose={onClose} fullScreen data-testid="lightbox">
      <Modal.Overlay />
      <Modal.Content
        className={classes.content}
        onKeyDown={(event) => {
          if (event.key === "+" || event.key === "=") zoom(1);
          if (event.key === "-") zoom(-1);
        }}
      >
        <Modal.Header className={classes.head}>
          <Modal.Title className={classes.title}>{label}</Modal.Title>
          <div className={classes.tools}>
            {!film && (
              <>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  disabled={step === 0}
                  aria-label={t("media.zoom_out")}
                  onClick={() => zoom(-1)}
                >
                  <IconZoomOut size={18} aria-hidden="true" />
                </ActionIcon>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  disabled={step === STEPS.length - 1}
                  aria-label={t("media.zoom_in")}
                  onClick={() => zoom(1)}
                >
                  <IconZoomIn size={18} aria-hidden="true" />
                </ActionIcon>
              </>
            )}
            {url && (
              <ActionIcon
                component="a"
                href={url}
                download={file.file_name ?? ""}
                variant="subtle"
                color="gray"
                aria-label={t("media.download", { what: label })}
                data-testid="lightbox-download"
              >
                <IconDownload size={18} aria-hidden="true" />
              </ActionIcon>
            )}
            <Modal.CloseButton aria-label={t("common.close")} />
          </div>
        </Modal.Header>
        <Modal.Body className={classes.body}>
          {error && <p role="alert">{problemText(t, problemOf(error))}</p>}
          {!url && !error && <Loader color="gray" aria-label={t("common.loading")} />}
          {url && film && (
            // biome-ignore lint/a11y/useMediaCaption: nobody wrote down what a customer says
            <video src={url} controls autoPlay className={classes.film} data-testid="lightbox-video" />
          )}
          {url && !film && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
            <section className={classes.scroller} tabIndex={0} aria-label={label}>
              <img
                src={url}
                alt={label}
                className={classes.image}
                style={{
                  maxWidth: `${(STEPS[step] ?? 1) * 100}%`,
                  maxHeight: `${(STEPS[step] ?? 1) * 100}%`,
                }}
                data-zoom={STEPS[step]}
                data-testid="lightbox-image"
              />
            </section>
          )}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
