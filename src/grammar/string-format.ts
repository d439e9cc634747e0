const leapDay = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29';
const days =
  '\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';
const date = `(?:${days}|${leapDay})`;
const hour = '(?:[01]\\d|2[0-3])';
const time = `${hour}:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${hour}:[0-5]\\d)`;
const byte = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const hostname = `${label}(?:\\.${label}){0,3}`;
const domain = `(?:${label}\\.){1,3}[a-zA-Z]{2,24}`;
const hex = '[0-9a-fA-F]';
const urlCharacter = "(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})";
const uri = `https?://${domain}(?::[1-9]\\d{0,3})?(?:/${urlCharacter}{0,256}){0,16}(?:\\?${urlCharacter}{0,512})?(?:#${urlCharacter}{0,256})?`;

/**
 * The values of `format` that are enforced, as patterns of the whole text. Each takes valid texts only, and the usual ones of
 * them (RFC 3339, 4122, 2673, 1123, 5321, 3986; no leap seconds, quoted mailboxes or other schemes than http).
 */
export const stringFormats: ReadonlyMap<string, string> = new Map([
  ['date', date],
  ['time', time],
  ['date-time', `${date}T${time}`],
  [
    'duration',
    'P(?:\\d{1,6}W|(?:\\d{1,6}Y)(?:\\d{1,6}M)?(?:\\d{1,6}D)?|(?:\\d{1,6}M)(?:\\d{1,6}D)?|\\d{1,6}D)|PT(?:\\d{1,6}H(?:\\d{1,6}M(?:\\d{1,6}S)?)?|\\d{1,6}M(?:\\d{1,6}S)?|\\d{1,6}S)',
  ],
  ['uuid', `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`],
  ['ipv4', `${byte}\\.${byte}\\.${byte}\\.${byte}`],
  ['ipv6', `(?:${hex}{1,4}:){7}${hex}{1,4}`],
  ['hostname', hostname],
  ['email', `[a-zA-Z0-9_+-]{1,32}(?:\\.[a-zA-Z0-9_+-]{1,15}){0,2}@${domain}`],
  ['uri', uri],
]);

/** Formats of numbers (OpenAPI's), as their bounds. */
export const numberFormats: ReadonlyMap<string, { least?: number; most?: number; integer: boolean }> = new Map([
  ['int32', { least: -2147483648, most: 2147483647, integer: true }],
  ['int64', { integer: true }],
  ['float', { integer: false }],
  ['double', { integer: false }],
]);
