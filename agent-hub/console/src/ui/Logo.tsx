/** The service bell on the counter. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0b6658" />
      <path d="M6 20h20v3.5a1.5 1.5 0 0 1-1.5 1.5h-17A1.5 1.5 0 0 1 6 23.5z" fill="#fff" />
      <path d="M16 8a7.5 7.5 0 0 1 7.5 7.5V17h-15v-1.5A7.5 7.5 0 0 1 16 8z" fill="#a6d9cc" />
      <circle cx="16" cy="7" r="1.8" fill="#fff" />
    </svg>
  );
}
