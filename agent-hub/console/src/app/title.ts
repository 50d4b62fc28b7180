/** The tab says how much of mine is unread, and nothing about whom. */
import { useEffect } from "react";

export function useTitle(unread: number): void {
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Balcão` : "Balcão";
    return () => {
      document.title = "Balcão";
    };
  }, [unread]);
}
