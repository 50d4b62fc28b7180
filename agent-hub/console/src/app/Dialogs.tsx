/** One dialog at a time, opened by button, key or palette. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession, useThread } from "../api/hooks";
import { exportsAudit, type Uuid } from "../api/types";
import { ExportForm } from "../features/audit/ExportForm";
import { mayHandle } from "../features/conversation/owner";
import { ResolveDialog } from "../features/conversation/ResolveDialog";
import { TransferDialog } from "../features/conversation/TransferDialog";
import { Dialog } from "../ui/Dialog";
import { useCommand } from "./commands";
import { ShortcutsHelp } from "./ShortcutsHelp";

type Open = "transfer" | "resolve" | "help" | "export" | null;

export function Dialogs({ conversationId }: { conversationId: Uuid | undefined }) {
  const { t } = useTranslation();
  const session = useSession();
  const head = useThread(conversationId ?? "")?.head;
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const handles = head !== undefined && session !== null && mayHandle(head, session.agent);
  useCommand("transfer", () => handles && setOpen("transfer"));
  useCommand("resolve", () => handles && setOpen("resolve"));
  useCommand("help", () => setOpen("help"));
  useCommand("export", () => session && exportsAudit(session.agent.role) && setOpen("export"));

  if (open === "transfer" && head) return <TransferDialog key={head.id} head={head} onClose={close} />;
  if (open === "resolve" && head) return <ResolveDialog key={head.id} head={head} onClose={close} />;
  if (open === "help") return <ShortcutsHelp onClose={close} />;
  if (open === "export") {
    return (
      <Dialog title={t("audit.title")} onClose={close} testId="export-dialog">
        <ExportForm onDone={close} />
      </Dialog>
    );
  }
  return null;
}
