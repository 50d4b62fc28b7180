/** Every key in one table. */
import { Kbd, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Dialog } from "../ui/Dialog";

const KEYS = [
  ["next", ["Alt", "J"]],
  ["previous", ["Alt", "K"]],
  ["claim", ["Alt", "C"]],
  ["resolve", ["Alt", "E"]],
  ["reply", ["Alt", "P"]],
  ["note", ["Alt", "L"]],
  ["react", ["Alt", "R"]],
  ["attach", ["Alt", "A"]],
  ["template", ["Alt", "T"]],
  ["send", ["Enter"]],
  ["newline", ["Shift", "Enter"]],
  ["palette", ["Ctrl", "K"]],
  ["help", ["?"]],
  ["escape", ["Esc"]],
] as const;

export default function ShortcutsHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("shortcuts.title")} onClose={onClose} testId="help-dialog">
      <Table verticalSpacing={6} withRowBorders>
        <Table.Tbody>
          {KEYS.map(([name, keys]) => (
            <Table.Tr key={name}>
              <Table.Td>{t(`shortcuts.${name}`)}</Table.Td>
              <Table.Td ta="right">
                {keys.map((key, at) => (
                  <span key={key}>
                    {at > 0 && " + "}
                    <Kbd>{key}</Kbd>
                  </span>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Dialog>
  );
}
