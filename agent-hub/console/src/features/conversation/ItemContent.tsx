/** What an item says, as text nodes only: nothing a customer sends is ever markup. */
import {
  IconAddressBook,
  IconFile,
  IconMapPin,
  IconMicrophone,
  IconMovie,
  IconPhoto,
  IconPuzzle,
  IconShoppingBag,
  IconSticker,
  IconVolume,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Content, ItemView, MediaRef } from "../../api/types";
import { Formatted } from "./Formatted";
import classes from "./ItemContent.module.css";

export function ItemContent({ item }: { item: ItemView }) {
  const { t } = useTranslation();
  if (item.revoked) {
    return (
      <em className={classes.faint}>
        {t(item.direction === "in" ? "thread.revoked" : "thread.revoked_ours")}
      </em>
    );
  }
  if (!item.content) return <em className={classes.faint}>{t("thread.erased")}</em>;
  return <Words content={item.content} />;
}

function Words({ content }: { content: Content }) {
  const { t } = useTranslation();
  switch (content.kind) {
    case "text":
    case "note":
      return <Formatted text={content.text} />;
    case "media":
      return <Media media={content.media} />;
    case "location":
      return (
        <Card icon={<IconMapPin size={18} aria-hidden="true" />} title={content.name ?? t("thread.location")}>
          {content.address ??
            t("thread.open_map", {
              latitude: content.latitude.toFixed(5),
              longitude: content.longitude.toFixed(5),
            })}
        </Card>
      );
    case "contacts":
      return (
        <Card
          icon={<IconAddressBook size={18} aria-hidden="true" />}
          title={t("thread.cards", { count: content.cards.length })}
        />
      );
    case "buttons":
      return (
        <>
          <Formatted text={content.text} />
          <Options titles={content.buttons.map((button) => button.title)} />
        </>
      );
    case "list":
      return (
        <>
          <Formatted text={content.text} />
          <Options titles={content.sections.flatMap((section) => section.rows.map((row) => row.title))} />
        </>
      );
    case "choice":
      return (
        <p className={classes.text}>
          <span className={classes.faint}>{t("thread.choice")}: </span>
          {content.title}
        </p>
      );
    case "order":
      return <Card icon={<IconShoppingBag size={18} aria-hidden="true" />} title={t("thread.order")} />;
    case "template":
      return (
        <>
          <span className={classes.faint}>{t("thread.template", { name: content.name })}</span>
          <Formatted text={content.preview} />
        </>
      );
    case "unsupported":
      return (
        <span className={classes.unsupported}>
          <IconPuzzle size={16} aria-hidden="true" />
          {t("thread.unsupported", { type: content.type_name })}
        </span>
      );
    default:
      return null;
  }
}

const MEDIA_ICONS = {
  image: IconPhoto,
  video: IconMovie,
  audio: IconVolume,
  document: IconFile,
  sticker: IconSticker,
} as const;

function Media({ media }: { media: MediaRef }) {
  const { t } = useTranslation();
  const Icon = media.voice ? IconMicrophone : MEDIA_ICONS[media.kind];
  return (
    <>
      <Card
        icon={<Icon size={18} aria-hidden="true" />}
        title={media.file_name ?? t(media.voice ? "media.voice" : `media.${media.kind}`)}
      >
        {media.mime_type}
      </Card>
      {media.caption && <Formatted text={media.caption} />}
    </>
  );
}

function Card({ icon, title, children }: { icon: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={classes.card}>
      {icon}
      <div className={classes.cardWords}>
        <span className={classes.cardTitle}>{title}</span>
        {children && <span className={classes.faint}>{children}</span>}
      </div>
    </div>
  );
}

function Options({ titles }: { titles: string[] }) {
  return (
    <ul className={classes.options}>
      {titles.map((title) => (
        <li key={title}>{title}</li>
      ))}
    </ul>
  );
}
