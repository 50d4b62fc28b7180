/** What customers give beside words and files: places, address cards, orders, answers of forms, products, calls. */
import {
  IconAddressBook,
  IconBuildingStore,
  IconClipboardText,
  IconMapPin,
  IconPhoneCheck,
  IconPhoneIncoming,
  IconPhoneX,
  IconShoppingBag,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Content } from "../../../api/types";
import { readablePhone } from "../../../ui/phone";
import { Formatted } from "../Formatted";
import { Card } from "./Card";
import classes from "./Content.module.css";
import { Copy } from "./Copy";
import { addressCard, answersOf, coordinates, length, mapUrl, money, orderOf } from "./shapes";

type Of<K extends Content["kind"]> = { content: Extract<Content, { kind: K }> };

export function Place({ content }: Of<"location">) {
  const { t } = useTranslation();
  const { latitude, longitude } = content;
  const where = coordinates(latitude, longitude);
  return (
    <Card icon={<IconMapPin size={20} aria-hidden="true" />} title={content.name ?? t("thread.location")}>
      {content.address && <span>{content.address}</span>}
      <span className={classes.row}>
        <span className={classes.figures}>{where}</span>
        <Copy value={where} what={t("thread.location")} />
      </span>
      <a href={mapUrl(latitude, longitude)} target="_blank" rel="noopener noreferrer" data-testid="open-map">
        {t("thread.open_map")}
      </a>
    </Card>
  );
}

export function AddressCards({ content }: Of<"contacts">) {
  const { t } = useTranslation();
  return content.cards.map((raw, at) => {
    const card = addressCard(raw);
    return (
      <Card
        // biome-ignore lint/suspicious/noArrayIndexKey: cards have no identity but their place
        key={at}
        icon={<IconAddressBook size={20} aria-hidden="true" />}
        title={card.name ?? t("thread.card")}
      >
        {card.company && <span>{card.company}</span>}
        {card.phones.map(({ value, label }) => (
          <span key={value} className={classes.row} data-testid="card-phone">
            <span className={classes.figures}>
              {readablePhone(value)}
              {label && <span className={classes.faint}> {label}</span>}
            </span>
            <Copy value={value} what={t("contact.phone")} />
          </span>
        ))}
        {card.emails.map((email) => (
          <span key={email} className={classes.row}>
            <span>{email}</span>
            <Copy value={email} what={t("login.email")} />
          </span>
        ))}
      </Card>
    );
  });
}

export function OrderList({ content }: Of<"order">) {
  const { t, i18n } = useTranslation();
  const order = orderOf(content.order);
  return (
    <Card icon={<IconShoppingBag size={20} aria-hidden="true" />} title={t("thread.order")}>
      <table className={classes.table}>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{t("thread.order_quantity")}</th>
            <th scope="col">{t("thread.order_product")}</th>
            <th scope="col">{t("thread.order_price")}</th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same product may stand twice
            <tr key={at}>
              <td className={classes.quantity}>{line.quantity}×</td>
              <td>{line.product}</td>
              <td className={classes.price}>
                {line.price !== undefined && money(i18n.language, line.price * line.quantity, order.currency)}
              </td>
            </tr>
          ))}
        </tbody>
        {order.sum !== undefined && (
          <tfoot>
            <tr>
              <td />
              <th scope="row">{t("thread.order_sum")}</th>
              <td className={classes.price} data-testid="order-sum">
                {money(i18n.language, order.sum, order.currency)}
              </td>
            </tr>
          </tfoot>
        )}
      </table>
      {order.note && <span>{order.note}</span>}
    </Card>
  );
}

const FORMS = ["address_message", "call_permission_reply", "flow"] as const;
const isForm = (name: string): name is (typeof FORMS)[number] => FORMS.some((one) => one === name);

export function FormAnswers({ content }: Of<"form">) {
  const { t } = useTranslation();
  const answers = answersOf(content.answers);
  const title = isForm(content.name) ? t(`thread.form_${content.name}`) : t("thread.form");
  return (
    <Card icon={<IconClipboardText size={20} aria-hidden="true" />} title={title}>
      {content.text && <span>{content.text}</span>}
      {answers.length > 0 && (
        <dl className={classes.answers} data-testid="form-answers">
          {answers.map(([question, answer]) => (
            <div key={question}>
              <dt>{question}</dt>
              <dd>{answer}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}

export function Product({ content }: Of<"product">) {
  const { t } = useTranslation();
  return (
    <>
      <ProductCard id={content.product.product_id} />
      {content.text ? (
        <Formatted text={content.text} />
      ) : (
        <span className={classes.faint}>{t("thread.product_asks")}</span>
      )}
    </>
  );
}

export function ProductCard({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <Card icon={<IconBuildingStore size={20} aria-hidden="true" />} title={t("thread.product")}>
      <span className={classes.row}>
        <span>{id}</span>
        <Copy value={id} what={t("thread.product")} />
      </span>
    </Card>
  );
}

export function Call({ content }: Of<"call">) {
  const { t } = useTranslation();
  const { outcome, inbound, duration_seconds } = content;
  const answered = outcome === "completed";
  const Icon = answered ? IconPhoneCheck : outcome === "ringing" ? IconPhoneIncoming : IconPhoneX;
  const missed = inbound && (outcome === "missed" || outcome === "rejected" || outcome === "failed");
  return (
    <Card
      icon={<Icon size={20} aria-hidden="true" />}
      title={t(inbound ? "call.from_customer" : "call.from_us")}
      {...(missed ? { tone: "amber" as const } : {})}
    >
      <span data-testid="call-outcome" data-outcome={outcome}>
        {t(`call.${outcome}`)}
        {answered && duration_seconds != null && ` · ${length(duration_seconds)}`}
      </span>
      {missed && <span className={classes.faint}>{t("call.call_back")}</span>}
    </Card>
  );
}
