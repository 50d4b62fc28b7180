/** What supervisors ask: numbers, templates, notices. Agents read the templates of a number too. */
import { call, json } from "./client";
import type { ChannelView, NoticeList, TemplateView, Uuid } from "./types";

export interface TemplateDraft {
  channel_id: Uuid;
  name: string;
  language: string;
  category: string;
  /** Slots have names instead of numbers. */
  named: boolean;
  components: unknown[];
}

export const office = {
  channels: async () => (await json<{ channels: ChannelView[] }>("GET", "/channels")).channels,
  templates: async (channelId: Uuid) =>
    (await json<{ templates: TemplateView[] }>("GET", `/templates?channel_id=${channelId}`)).templates,
  createTemplate: async (draft: TemplateDraft) => void (await call("POST", "/templates", draft)),
  deleteTemplate: async (id: Uuid) => void (await call("DELETE", `/templates/${id}`)),
  /** Asks for a fresh reading; it is here within seconds. */
  readTemplates: async (channel_id: Uuid) => void (await call("POST", "/templates/sync", { channel_id })),
  notices: (page: { at_least?: "warning" | "alert"; before?: Uuid }) => {
    const query = new URLSearchParams({ limit: "50", ...page });
    return json<NoticeList>("GET", `/notices?${query}`);
  },
  openNotice: async (id: Uuid) => (await json<{ text?: unknown }>("POST", `/notices/${id}/open`)).text,
};
