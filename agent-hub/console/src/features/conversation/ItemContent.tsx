/** What an item says, as text nodes only: nothing a customer sends is ever markup. */
import { IconPuzzle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ChannelFault, Content, ItemView } from "../../api/types";
import { Around } from "./content/Around";
import { Buttons, Carousel, Commerce, LinkCard, List, Request, Template } from "./content/Asked";
import content from "./content/Content.module.css";
import { AddressCards, Call, FormAnswers, OrderList, Place, Product } from "./content/Given";
import { Media } from "./content/Media";
import { Formatted } from "./Formatted";
import classes from "./ItemContent.module.css";

export function ItemContent({ item, channelId }: { item: ItemView; channelId: string }) {
  const { t } = useTranslation();
  if (item.revoked) {
    return (
      <em className={classes.faint}>
        {t(item.direction === "in" ? "thread.revoked" : "thread.revoked_ours")}
      </em>
    );
  }
  if (!item.content) return <em className={classes.faint}>{t("thread.erased")}</em>;
  return (
    <>
      {item.circumstance && <Around circumstance={item.circumstance} />}
      <Words content={item.content} item={item} channelId={channelId} />
    </>
  );
}

function Words(props: { content: Content; item: ItemView; channelId: string }) {
  const { content, item, channelId } = props;
  const { t } = useTranslation();
  switch (content.kind) {
    case "text":
    case "note":
      return <Formatted text={content.text} />;
    case "media":
      return <Media media={content.media} file={item.media?.[0]} />;
    case "location":
      return <Place content={content} />;
    case "contacts":
      return <AddressCards content={content} />;
    case "buttons":
      return <Buttons content={content} item={item} />;
    case "list":
      return <List content={content} item={item} />;
    case "link":
      return <LinkCard content={content} item={item} />;
    case "form_request":
    case "location_request":
    case "contact_request":
      return <Request content={content} item={item} />;
    case "carousel":
      return <Carousel content={content} item={item} />;
    case "commerce":
      return <Commerce content={content} item={item} />;
    case "choice":
      return (
        <p className={classes.text}>
          <span className={classes.faint}>{t("thread.choice")}: </span>
          {content.title}
        </p>
      );
    case "form":
      return <FormAnswers content={content} />;
    case "product":
      return <Product content={content} />;
    case "call":
      return <Call content={content} />;
    case "order":
      return <OrderList content={content} />;
    case "template":
      return <Template content={content} item={item} channelId={channelId} />;
    case "unsupported":
      return <Unsupported type={content.type_name} faults={item.circumstance?.faults ?? []} />;
    default:
      return null;
  }
}

/** Our word for it, and Meta's own for why, when Meta gave one. */
function Unsupported({ type, faults }: { type: string; faults: readonly ChannelFault[] }) {
  const { t } = useTranslation();
  return (
    <>
      <span className={classes.unsupported}>
        <IconPuzzle size={16} aria-hidden="true" />
        {type === "unsupported" || type === "unknown"
          ? t("thread.unsupported_any")
          : t("thread.unsupported", { type })}
      </span>
      {faults.map((fault) => (
        <p key={fault.code} className={content.fault} data-testid="channel-fault">
          {t("thread.whatsapp_says", { words: fault.details ?? fault.title ?? String(fault.code) })}
        </p>
      ))}
      <p className={content.fault}>{t("thread.unsupported_hint")}</p>
    </>
  );
}
