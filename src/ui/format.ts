/** `45 s`, `3 m 12 s`, `1 h 02 m`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} m`;
}

export function usd(amount: number): string {
  return amount >= 10 ? `$${amount.toFixed(0)}` : `$${amount.toFixed(2)}`;
}

/** `dbSubnetGroup` as people say it: `db subnet group`. */
export function spoken(key: string): string {
  return key.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}
