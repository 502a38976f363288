/**
 * @file The date of a record as a UTC day. ISO 8601 alone is read: another notation means one day to one reader and
 * another day to the next, and a split by time that orders it as text is wrong without a word.
 */

/** Date; then, where there is one, a time with or without its zone. Extended (2021-09-04) or basic (20210904) form. */
const ISO = new RegExp(
  [
    String.raw`^(\d{4})(-?)(\d\d)\2(\d\d)`,
    String.raw`(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)?)?`,
    String.raw`(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?$`,
  ].join(''),
);

/**
 * The UTC day, `2021-09-04`, of an ISO 8601 date or time; a time without a zone is taken as UTC. Undefined for
 * everything else: days that do not exist, years and months alone, seconds since 1970, names of months.
 */
export function utcDay(text: string): string | undefined {
  const match = ISO.exec(text.trim());
  if (match === null) return undefined;
  const [, year, , month, day, hour = '00', minute = '00', second = '00', zone = 'Z'] = match;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // 2021-02-30 would become a day of March.
  if (new Date(midnight).toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return undefined;
  const offset = zoneMinutes(zone);
  // A leap second, and midnight at a day's end, are in ISO 8601.
  if (offset === undefined || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60)
    return undefined;
  const minutes = 60 * Number(hour) + Number(minute) - offset;
  return new Date(midnight + 60_000 * minutes).toISOString().slice(0, 10);
}

/** Minutes east of Greenwich. */
function zoneMinutes(zone: string): number | undefined {
  if (/^(?:Z|UTC|GMT)$/.test(zone)) return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || 0)];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (60 * hours + minutes);
}
