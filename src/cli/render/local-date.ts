/** Each knows the abbreviations of its own part of the world; elsewhere they say `GMT+2`. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-NZ', 'en-ZA', 'ja-JP'];

function zoneIn(locale: string, date: Date): string | undefined {
  const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date);
  return parts.find(({ type }) => type === 'timeZoneName')?.value;
}

/** `CEST` where an abbreviation is in use, else `+03`, as the time zone database names such zones. */
function zoneName(date: Date): string {
  const names = LOCALES.map((locale) => zoneIn(locale, date));
  const abbreviation = names.find((name) => name !== undefined && /^[A-Z]{3,5}$/.test(name));
  if (abbreviation !== undefined) return abbreviation;
  const minutes = -date.getTimezoneOffset();
  const pad = (part: number): string => String(Math.floor(part)).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(size / 60)}${size % 60 === 0 ? '' : pad(size % 60)}`;
}

/** A time (ms since the epoch) as the mlflow command shows it: `2026-03-01 14:05:09 CET`, in the machine's time zone. */
export function localDate(time: number): string {
  const date = new Date(time);
  const pad = (part: number, width = 2): string => String(part).padStart(width, '0');
  const day = [pad(date.getFullYear(), 4), pad(date.getMonth() + 1), pad(date.getDate())].join('-');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part)).join(':');
  return `${day} ${clock} ${zoneName(date)}`;
}
