/** The provider's back office as the outside world sees it, to compare with what the bot told the customer. */
import { type APIRequestContext, expect } from "@playwright/test";

interface Invoice {
  amount_cents: number;
  due_date: string;
  status: "open" | "overdue";
}

/** What this customer owes, as the bot should word it in Portuguese: "R$ 99,90", "05/12/2026". */
export async function invoicesOf(request: APIRequestContext, simulator: string, phone: string) {
  const answer = await request.post(`${simulator}/erp/invoices/search`, { data: { phone } });
  expect(answer.ok()).toBe(true);
  const { invoices } = (await answer.json()) as { invoices: Invoice[] };
  return invoices.map(({ amount_cents, due_date }) => ({
    amount: `R$ ${Math.floor(amount_cents / 100)},${String(amount_cents % 100).padStart(2, "0")}`,
    due: due_date.split("-").reverse().join("/"),
  }));
}
