/** What we ask and show with more than words: buttons, lists, links, requests, cards, templates. */
import {
  IconAddressBook,
  IconClipboardText,
  IconExternalLink,
  IconList,
  IconMapPinQuestion,
  IconShoppingBag,
  IconTemplate,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Content, Heading, ItemView } from "../../../api/types";
import { Formatted } from "../Formatted";
import classes from "./Content.module.css";
import { Media } from "./Media";
import { webAddress } from "./shapes";
import { TemplateButtons } from "./TemplateButtons";

type Of<K extends Content["kind"]> = { content: Extract<Content, { kind: K }>; item: ItemView };

export function Choices({ titles }: { titles: readonly string[] }) {
  return (
    <ul className={classes.options}>
      {titles.map((title, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two buttons may bear the same words
        <li key={at}>{title}</li>
      ))}
    </ul>
  );
}

export function Above({ heading, item }: { heading: Heading | null | undefined; item: ItemView }) {
  if (!heading) return null;
  if (heading.type === "text") return <p className={classes.heading}>{heading.text}</p>;
  return <Media media={heading.media} file={item.media?.[0]} />;
}

export function Below({ words }: { words: string | null | undefined }) {
  return words ? <p className={classes.footer}>{words}</p> : null;
}

export function Buttons({ content, item }: Of<"buttons">) {
  return (
    <>
      <Above heading={content.heading} item={item} />
      <Formatted text={content.text} />
      <Below words={content.footer} />
      <Choices titles={content.buttons.map((button) => button.title)} />
    </>
  );
}

export function List({ content }: Of<"list">) {
  const { t } = useTranslation();
  const rows = content.sections.flatMap((section) => section.rows);
  return (
    <>
      {content.heading && <p className={classes.heading}>{content.heading}</p>}
      <Formatted text={content.text} />
      <Below words={content.footer} />
      <details className={classes.list}>
        <summary>
          <IconList size={15} aria-hidden="true" />
          {content.open_label}{" "}
          <span className={classes.faint}>{t("thread.rows", { count: rows.length })}</span>
        </summary>
        {content.sections.map((section, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: sections have no identity but their place
          <div key={at}>
            {section.title && <strong>{section.title}</strong>}
            <ul>
              {section.rows.map((row) => (
                <li key={row.id}>
                  {row.title}
                  {row.description && <span className={classes.faint}> {row.description}</span>}
                </li>
              ))}
            </ul>
          </div>
        ))}
      </details>
    </>
  );
}

export function LinkCard({ content, item }: Of<"link">) {
  const url = webAddress(content.url);
  return (
    <>
      <Above heading={content.heading} item={item} />
      <Formatted text={content.text} />
      <Below words={content.footer} />
      <Action icon={<IconExternalLink size={15} aria-hidden="true" />} label={content.label} href={url?.href}>
        {url?.host}
      </Action>
    </>
  );
}

/** The button that the customer sees; a link where it is one. */
function Action(props: { icon: ReactNode; label: string; href?: string | undefined; children?: ReactNode }) {
  const inside = (
    <>
      {props.icon}
      <span>{props.label}</span>
      {props.children && <span className={classes.faint}>{props.children}</span>}
    </>
  );
  if (!props.href) return <span className={classes.action}>{inside}</span>;
  return (
    <a className={classes.action} href={props.href} target="_blank" rel="noopener noreferrer">
      {inside}
    </a>
  );
}

const REQUESTS = {
  form_request: IconClipboardText,
  location_request: IconMapPinQuestion,
  contact_request: IconAddressBook,
} as const;

export function Request({ content }: Of<keyof typeof REQUESTS>) {
  const { t } = useTranslation();
  const Icon = REQUESTS[content.kind];
  return (
    <>
      <Formatted text={content.text} />
      <Action
        icon={<Icon size={15} aria-hidden="true" />}
        label={content.kind === "form_request" ? content.label : t(`thread.${content.kind}`)}
      />
    </>
  );
}

export function Carousel({ content, item }: Of<"carousel">) {
  const { t } = useTranslation();
  return (
    <>
      <Formatted text={content.text} />
      <ul className={classes.carousel} aria-label={t("thread.carousel", { count: content.cards.length })}>
        {content.cards.map((card, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: cards have no identity but their place
          <li key={at}>
            <Media media={card.media} file={item.media?.find((file) => file.part === at)} />
            {card.text && <Formatted text={card.text} />}
            {card.action.type === "link" ? (
              <Action
                icon={<IconExternalLink size={15} aria-hidden="true" />}
                label={card.action.label}
                href={webAddress(card.action.url)?.href}
              />
            ) : (
              <Choices titles={card.action.buttons.map((button) => button.title)} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

export function Commerce({ content }: Of<"commerce">) {
  const { t } = useTranslation();
  return (
    <>
      <Formatted text={content.text} />
      <Action icon={<IconShoppingBag size={15} aria-hidden="true" />} label={t("thread.commerce")} />
    </>
  );
}

export function Template({ content, item, channelId }: Of<"template"> & { channelId: string }) {
  const { t } = useTranslation();
  const file = item.media?.[0];
  return (
    <>
      <p className={classes.kicker}>
        <IconTemplate size={13} aria-hidden="true" />
        {t("thread.template", { name: content.name })}
      </p>
      {file && <Media media={{ kind: file.kind }} file={file} />}
      <Formatted text={content.preview} />
      <TemplateButtons channelId={channelId} name={content.name} language={content.language} />
    </>
  );
}
