/** One dialog at a time, opened by button, key or palette; read when it is opened for the first time. */
import { lazy, Suspense, useEffect, useState } from "react";
import { useSession, useThread } from "../api/hooks";
import { exportsAudit, supervises, type Uuid } from "../api/types";
import { mayHandle } from "../features/conversation/owner";
import { useCommand } from "./commands";

const ExportDialog = lazy(() => import("../features/audit/ExportDialog"));
const MergeDialog = lazy(() => import("../features/contact/MergeDialog"));
const resolveDialog = () => import("../features/conversation/ResolveDialog");
const transferDialog = () => import("../features/conversation/TransferDialog");
const ResolveDialog = lazy(resolveDialog);
const TransferDialog = lazy(transferDialog);
const ShortcutsHelp = lazy(() => import("./ShortcutsHelp"));

type Open = "transfer" | "resolve" | "merge" | "help" | "export" | null;

export function Dialogs({ conversationId }: { conversationId: Uuid | undefined }) {
  const session = useSession();
  const head = useThread(conversationId ?? "")?.head;
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const handles = head !== undefined && session !== null && mayHandle(head, session.agent);
  const merges = head !== undefined && session !== null && supervises(session.agent.role);
  useEffect(() => {
    // Who works in a conversation needs these at a keystroke: they are here before.
    if (handles) void Promise.all([resolveDialog(), transferDialog()]);
  }, [handles]);
  useCommand("transfer", () => handles && setOpen("transfer"));
  useCommand("resolve", () => handles && setOpen("resolve"));
  useCommand("merge", () => merges && !head.contact.erased && setOpen("merge"));
  useCommand("help", () => setOpen("help"));
  useCommand("export", () => session && exportsAudit(session.agent.role) && setOpen("export"));

  return (
    <Suspense>
      {open === "transfer" && head && <TransferDialog key={head.id} head={head} onClose={close} />}
      {open === "resolve" && head && <ResolveDialog key={head.id} head={head} onClose={close} />}
      {open === "merge" && head && (
        <MergeDialog key={head.contact.id} contact={head.contact} onClose={close} />
      )}
      {open === "help" && <ShortcutsHelp onClose={close} />}
      {open === "export" && <ExportDialog onClose={close} />}
    </Suspense>
  );
}
