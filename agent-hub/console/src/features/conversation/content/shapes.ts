/**
 * Reads what WhatsApp defines and we keep as it came: address cards, orders, answers of forms, templates. Pure, and total:
 * what is missing or of another shape is left out, never an error.
 */
type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields =>
  value && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : {};
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const words = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value : undefined;
const number = (value: unknown): number | undefined => {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
};

export interface AddressCard {
  name: string | undefined;
  company: string | undefined;
  phones: { value: string; label: string | undefined }[];
  emails: string[];
}

export function addressCard(raw: unknown): AddressCard {
  const card = fields(raw);
  const name = fields(card.name);
  const parts = [words(name.first_name), words(name.last_name)].filter((part) => part !== undefined);
  return {
    name: words(name.formatted_name) ?? (parts.length > 0 ? parts.join(" ") : undefined),
    company: words(fields(card.org).company),
    phones: list(card.phones).flatMap((phone) => {
      const value = words(phone.phone) ?? words(phone.wa_id);
      return value ? [{ value, label: words(phone.type)?.toLocaleLowerCase() }] : [];
    }),
    emails: list(card.emails).flatMap((email) => words(email.email) ?? []),
  };
}

export interface OrderLine {
  product: string;
  quantity: number;
  price: number | undefined;
}

export interface Order {
  lines: OrderLine[];
  note: string | undefined;
  currency: string | undefined;
  /** Absent when a price is missing or the currencies differ: a wrong sum is worse than none. */
  sum: number | undefined;
}

export function orderOf(raw: unknown): Order {
  const order = fields(raw);
  const items = list(order.product_items);
  const lines = items.map((item) => ({
    product: words(item.product_retailer_id) ?? "?",
    quantity: number(item.quantity) ?? 1,
    price: number(item.item_price),
  }));
  const currencies = new Set(items.map((item) => words(item.currency)));
  const [currency] = currencies.size === 1 ? currencies : [];
  const summable = currency !== undefined && lines.every((line) => line.price !== undefined);
  return {
    lines,
    note: words(order.text),
    currency,
    sum: summable ? lines.reduce((sum, line) => sum + (line.price ?? 0) * line.quantity, 0) : undefined,
  };
}

/** Amounts as the reader's language writes them; a currency that nobody knows is written behind. */
export function money(locale: string, amount: number, currency: string | undefined): string {
  if (currency) {
    try {
      return new Intl.NumberFormat(locale, { style: "currency", currency }).format(amount);
    } catch {
      // Not a currency code.
    }
  }
  return [new Intl.NumberFormat(locale).format(amount), currency].filter(Boolean).join(" ");
}

/** Of a form and not for people. */
const HIDDEN = new Set(["flow_token", "wa_flow_response_params"]);

/** Question and answer, in the form's order. */
export function answersOf(raw: unknown): [question: string, answer: string][] {
  const source = typeof raw === "string" ? fromJson(raw) : raw;
  return Object.entries(fields(source))
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => [readable(key), asText(value)]);
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** `screen_0_Full_name_0` and `full_name` become words. */
const readable = (key: string): string => {
  const plain = key
    .replace(/^screen_\d+_/, "")
    .replace(/_\d+$/, "")
    .replaceAll("_", " ")
    .trim();
  return plain === "" ? key : plain.charAt(0).toLocaleUpperCase() + plain.slice(1);
};

/** `0_Yes` is how WhatsApp writes the first choice. */
function asText(value: unknown): string {
  if (Array.isArray(value)) return value.map(asText).join(", ");
  if (typeof value === "string") return value.replace(/^\d+_(?=\S)/, "").replaceAll("_", " ");
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Degrees as people copy them into a map, and the map itself (outside, on a click only). */
export const coordinates = (latitude: number, longitude: number): string =>
  `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;

export const mapUrl = (latitude: number, longitude: number): string =>
  `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=17/${latitude}/${longitude}`;

/** What may be a link: https and http only, whatever the other side wrote. */
export function webAddress(text: string | null | undefined): URL | undefined {
  if (!text) return undefined;
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
  } catch {
    return undefined;
  }
}

export function size(locale: string, bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(bytes / 1000 ** step);
}

/** Minutes and seconds of a player or a call. */
export function length(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
