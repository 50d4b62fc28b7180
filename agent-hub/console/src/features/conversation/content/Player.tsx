/** Sound, fetched when it is asked for: play, where one is, how fast. */
import { ActionIcon, UnstyledButton } from "@mantine/core";
import { IconMicrophone, IconPlayerPauseFilled, IconPlayerPlayFilled, IconVolume } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "../../../api/problem";
import type { MediaView } from "../../../api/types";
import { problemText } from "../../../ui/problem";
import classes from "./Media.module.css";
import { length } from "./shapes";
import { useFile } from "./useFile";

const SPEEDS = [1, 1.5, 2];

export function Player({ file, voice }: { file: MediaView; voice: boolean }) {
  const { t, i18n } = useTranslation();
  const sound = useRef<HTMLAudioElement>(null);
  const [wanted, setWanted] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [total, setTotal] = useState(0);
  const [speed, setSpeed] = useState<number>(1);
  const { url, error, busy, again } = useFile(file.id, "file", wanted);
  const what = t(voice ? "media.voice" : "media.audio");

  const toggle = () => {
    if (error) void again();
    setWanted(true);
    if (!sound.current || !url) return;
    if (playing) sound.current.pause();
    else void sound.current.play();
  };
  const faster = () => {
    const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length] ?? 1;
    setSpeed(next);
    if (sound.current) sound.current.playbackRate = next;
  };
  return (
    <div className={classes.player} data-testid="media-audio">
      {/* biome-ignore lint/a11y/useMediaCaption: nobody wrote down what a customer says */}
      <audio
        ref={sound}
        src={url}
        autoPlay
        onPlay={(event) => {
          event.currentTarget.playbackRate = speed;
          setPlaying(true);
        }}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onLoadedMetadata={(event) => setTotal(event.currentTarget.duration)}
      />
      <ActionIcon
        variant="filled"
        radius="xl"
        size={34}
        loading={busy}
        aria-label={t(playing ? "media.pause" : "media.play", { what })}
        onClick={toggle}
        data-testid="media-play"
      >
        {playing ? (
          <IconPlayerPauseFilled size={17} aria-hidden="true" />
        ) : (
          <IconPlayerPlayFilled size={17} aria-hidden="true" />
        )}
      </ActionIcon>
      <div className={classes.track}>
        <span className={classes.what}>
          {voice ? (
            <IconMicrophone size={13} aria-hidden="true" />
          ) : (
            <IconVolume size={13} aria-hidden="true" />
          )}
          {what}
        </span>
        <input
          type="range"
          className={classes.range}
          min={0}
          max={Number.isFinite(total) && total > 0 ? total : 1}
          step={0.1}
          value={at}
          disabled={!url}
          aria-label={t("media.position")}
          aria-valuetext={length(at)}
          onChange={(event) => {
            if (sound.current) sound.current.currentTime = Number(event.currentTarget.value);
          }}
        />
        <span className={classes.time}>
          {length(at)}
          {Number.isFinite(total) && total > 0 && ` / ${length(total)}`}
        </span>
        {error && (
          <span className={classes.trouble} role="alert">
            {problemText(t, problemOf(error))}
          </span>
        )}
      </div>
      <UnstyledButton
        className={classes.speed}
        onClick={faster}
        aria-label={t("media.speed", { speed: speed.toLocaleString(i18n.language) })}
      >
        {speed.toLocaleString(i18n.language)}×
      </UnstyledButton>
    </div>
  );
}
