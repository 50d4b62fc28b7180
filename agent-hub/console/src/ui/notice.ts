/** Short notices in the corner. */
import { notifications } from "@mantine/notifications";

export const notice = {
  done: (message: string) => notifications.show({ message, color: "balcao", autoClose: 2500 }),
  failed: (message: string) => notifications.show({ message, color: "red", autoClose: 7000, role: "alert" }),
};
