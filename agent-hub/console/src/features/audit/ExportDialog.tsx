/** The form in a dialog, for those who have a desk too. */
import { useTranslation } from "react-i18next";
import { Dialog } from "../../ui/Dialog";
import { ExportForm } from "./ExportForm";

export default function ExportDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("audit.title")} onClose={onClose} testId="export-dialog">
      <ExportForm onDone={onClose} />
    </Dialog>
  );
}
