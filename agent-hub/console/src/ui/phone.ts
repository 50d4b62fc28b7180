/** Digits as a person reads them; what is not digits stays as it is. Brazilian numbers get their usual groups. */
export function readablePhone(value: string): string {
  if (!/^\d{8,15}$/.test(value)) return value;
  const brazil = /^55(\d{2})(\d{4,5})(\d{4})$/.exec(value);
  return brazil ? `+55 ${brazil[1]} ${brazil[2]}-${brazil[3]}` : `+${value}`;
}
